/** The names of the machine that the program is on. */
import type { Hooks } from "../hooks/types.ts";
import type { Identity } from "../wire/generated/elsewhere/v1/agent_pb.ts";

/** struct new_utsname (include/uapi/linux/utsname.h): six texts of 65 bytes. */
const FIELD = 65;
const NODENAME = 1;
const DOMAINNAME = 5;

export function names({ nodename, domainname }: Identity): Hooks {
  const put = (structure: Buffer, field: number, text: string): void => {
    structure.fill(0, field * FIELD, (field + 1) * FIELD);
    structure.write(text, field * FIELD, FIELD - 1);
  };
  return {
    async uname(call) {
      const result = await call.proceed();
      if (result !== 0) return result;
      const structure = Buffer.from(call.args.name.read(6 * FIELD));
      if (structure.length < 6 * FIELD) return result;
      put(structure, NODENAME, nodename);
      put(structure, DOMAINNAME, domainname);
      call.args.name.write(structure);
      return result;
    },
  };
}
