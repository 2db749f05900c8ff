/** Every call proceeds, and its real result is seen. */
import { defineHooks, type HookSet } from "elsewhere";

const proceeding: HookSet = defineHooks({
  any: (call) => call.proceed(),
});
export default proceeding;
