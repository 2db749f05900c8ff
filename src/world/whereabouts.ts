/**
 * Where each call of a program in a target happened, and by which rule: for a trace. A call that has a path or an address is where
 * that was decided to be; one on a descriptor is where the descriptor was opened or connected.
 */
import type { OutgoingMode, OutgoingRule } from "../config/outgoing.ts";
import type { FileDecision, FileMode } from "../config/policy.ts";
import { defineHooks, type HookSet } from "../hooks/define.ts";
import type { AnyCall, Hook, OpenedFile, Outcome } from "../hooks/types.ts";
import type { RoutedDestination, RouteListener } from "./network/routing.ts";
import type { FileListener } from "./report.ts";

export interface Whereabout {
  readonly mode: FileMode | OutgoingMode;
  /** The rule's pattern. */
  readonly rule: string;
}

const key = Symbol("whereabout");

/** What gives a descriptor that is somewhere. */
const opening = ["open", "openat", "openat2", "creat"];
/** Calls on a descriptor. */
const onDescriptor =
  `read write pread64 pwrite64 readv writev preadv preadv2 pwritev pwritev2 lseek fstat newfstatat statx
  fsync fdatasync ftruncate fallocate getdents64 flock fcntl close fchmod fchown fchdir fstatfs sendto recvfrom sendmsg recvmsg
  sendmmsg recvmmsg getsockname getpeername getsockopt setsockopt shutdown`.split(/\s+/);

export class Whereabouts implements FileListener, RouteListener {
  readonly #notes = new Map<number, Whereabout>();

  /** In front of the world's and the network's hooks: knows descriptors again. @param wanted names of calls */
  hooks(wanted: ReadonlySet<string>): HookSet {
    const hooks: Record<string, Hook<AnyCall>> = {};
    for (const name of onDescriptor) if (wanted.has(name)) hooks[name] = (call) => this.#look(call);
    for (const name of opening) hooks[name] = (call) => this.#open(call, (result) => result);
    hooks["connect"] = (call) => this.#open(call, () => descriptorOf(call));
    return defineHooks(hooks);
  }

  /** What was noted of the call that a thread makes; forgotten then. */
  take(tid: number): Whereabout | undefined {
    const found = this.#notes.get(tid);
    this.#notes.delete(tid);
    return found;
  }

  add(_: string, { mode, rule }: FileDecision, tid: number): void {
    this.#notes.set(tid, { mode, rule: rule.pattern });
  }

  connection(tid: number, _: RoutedDestination, rule: OutgoingRule | FileDecision): void {
    this.#notes.set(tid, { mode: rule.mode, rule: "rule" in rule ? rule.rule.pattern : rule.pattern });
  }

  #look(call: AnyCall): undefined {
    const known = whereOf(call.process.descriptors.get(descriptorOf(call)));
    if (known !== undefined) this.#notes.set(call.tid, known);
    return undefined;
  }

  async #open(call: AnyCall, descriptor: (result: number) => number): Promise<Outcome> {
    const result = await call.proceed();
    const where = this.#notes.get(call.tid);
    if (where === undefined || result === null) return result;
    call.process.descriptors.get(descriptor(result))?.data.set(key, where);
    return result;
  }
}

const whereOf = (file: OpenedFile | undefined): Whereabout | undefined => file?.data.get(key) as Whereabout | undefined;

/** What the call is about; of one on a path, what that begins at. */
function descriptorOf(call: AnyCall): number {
  const { fd, args } = call as unknown as { readonly fd?: number; readonly args: { readonly dfd?: number } };
  return fd ?? args.dfd ?? -1;
}
