/** Every call proceeds, and its real result is seen. */
import { defineHooks, type HookSet } from "elsewhere";

const proceeding: HookSet = defineHooks({
  any: (call) => call.proceed(),
});
// oxlint-disable-next-line import/no-default-export -- that is what a hook file is
export default proceeding;
