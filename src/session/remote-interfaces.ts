/** What the target's kernel says of its network. Errors are −errno. */
import { InterfacesService } from "../wire/generated/elsewhere/v1/interfaces_pb.ts";
import type { FileCalls } from "./file-calls.ts";

const methods = InterfacesService.method;

export interface NetlinkQuestion {
  /** NETLINK_* */
  readonly protocol: number;
  /** As it is sent: struct nlmsghdr and what belongs to it. */
  readonly messages: Uint8Array;
  /** NETLINK_GET_STRICT_CHK */
  readonly isStrict: boolean;
}

export class RemoteInterfaces {
  readonly #calls: FileCalls;

  constructor(calls: FileCalls) {
    this.#calls = calls;
  }

  /** @returns the kernel's datagrams; −EPERM for what would change something */
  async askNetlink(question: NetlinkQuestion, signal?: AbortSignal): Promise<readonly Uint8Array[] | number> {
    const answer = await this.#calls.make(methods.askNetlink, () => ({ ...question }), { signal, isRepeatable: true });
    return typeof answer === "number" ? answer : answer.datagrams;
  }

  /**
   * ioctl(2)
   * @param request SIOCGIF…
   * @param structure struct ifreq; of SIOCGIFCONF nothing
   * @returns struct ifreq, of SIOCGIFCONF several
   */
  async examine(request: number, structure: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | number> {
    const asked = (): { request: number; structure: Uint8Array } => ({ request, structure });
    const answer = await this.#calls.make(methods.examine, asked, { signal, isRepeatable: true });
    return typeof answer === "number" ? answer : answer.structure;
  }
}
