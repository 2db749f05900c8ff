/**
 * What each thread of the hooked processes has: descriptors and working directory. It learns from
 * calls as they are made, and asks the kernel where it did not see; it changes nothing.
 *
 * Whoever serves calls feeds it:
 *
 *     supervisor.serve(model.calls, (call) => {
 *       const flight = model.before(call);
 *       call.run((result) => {
 *         model.observe(flight, result);
 *         call.return(result);
 *       });
 *     });
 *
 * `before` stands right before the thread is sent to make a call, its own or another in its
 * place; every one is `observe`d. Calls whose result nobody sees (clone, vfork) have no second
 * part. A call that was answered without the kernel is not for the model.
 */
import type { Abi } from "../linux/abi.ts";
import { abis } from "../linux/abi.ts";
import type { Machine } from "../machine/machine.ts";
import type { Call } from "../process/call.ts";
import { AT_FDCWD } from "../process/paths.ts";
import type { Processes } from "../process/processes.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { type Effect, effects, type InFlight } from "./effects.ts";
import { Kcmp } from "./kernel.ts";
import { LocalTree } from "./local-tree.ts";
import { Passing } from "./passing.ts";
import { type Place, type Resolution, resolvePath, type ResolveOptions, type Tree } from "./resolve.ts";
import { now, type Surprises } from "./table.ts";
import { type Task, Tasks } from "./tasks.ts";

const EBADF = 9;
const top: Place = { path: "/", kind: "directory" };

export class Model {
  /** Calls that it must hear of. */
  readonly calls: readonly number[];
  readonly surprises: Surprises = { found: 0, vanished: 0 };
  readonly #effects: (Effect | undefined)[] = [];
  readonly #tasks: Tasks;
  readonly #processes: Processes;

  constructor(supervisor: Supervisor, machine: Machine) {
    const abi: Abi = abis[machine.name];
    const kcmp = new Kcmp(abi.calls.number("kcmp") ?? -1);
    this.#processes = supervisor.processes;
    this.#tasks = new Tasks(kcmp, this.surprises);
    for (const [name, effect] of effects({ abi, tasks: this.#tasks, passing: new Passing(abi, kcmp) })) {
      const number = abi.calls.number(name);
      if (number !== undefined) this.#effects[number] = effect;
    }
    this.calls = Object.keys(this.#effects).map(Number);
    supervisor.onProcess.push((process) => this.#tasks.begin(process));
    supervisor.onProcessGone.push((process) => this.#tasks.end(process));
  }

  /** What the calling thread has. */
  of(call: Call): Task {
    const task = this.#tasks.of(call.process, call.tid);
    this.#tasks.returned(call.tid);
    return task;
  }

  /**
   * The file that `path` means to the calling thread.
   * @param dirfd a descriptor or AT_FDCWD, as the call has it
   * @param tree  another than this machine's
   */
  resolve(call: Call, dirfd: number, path: string, options: ResolveOptions, tree?: Tree): Resolution {
    const local = new LocalTree({
      pid: call.process.pid,
      tid: call.tid,
      programOf: (pid) => this.#processes.get(pid)?.program,
    });
    const base = path.startsWith("/") && (options.resolve ?? 0) === 0 ? top : this.#baseOf(call, dirfd, local);
    return base === undefined ? { errno: EBADF } : resolvePath(tree ?? local, base, path, options);
  }

  #baseOf(call: Call, dirfd: number, local: LocalTree): Place | undefined {
    const { descriptors, directory } = this.of(call);
    const virtual = dirfd === AT_FDCWD ? directory.virtual : descriptors.get(dirfd)?.file.virtualPath;
    if (virtual !== undefined) return { path: virtual, kind: "directory" };
    const place = local.baseOf(dirfd);
    return typeof place === "number" ? undefined : place;
  }

  /** The caller is about to make this call. */
  before(call: Call, number: number = call.number, args: readonly bigint[] = call.args): InFlight {
    const flight: InFlight = { call, number, args, task: this.of(call), began: now() };
    this.#effects[number]?.before?.(flight);
    return flight;
  }

  /** The kernel's result of a call that was made. */
  observe(flight: InFlight, result: bigint): void {
    const effect = this.#effects[flight.number];
    flight.task.descriptors.tid = flight.call.tid; // waits, while the thread that called last may be gone
    if (effect?.after !== undefined && (result >= 0n || effect.always === true)) effect.after(flight, Number(result));
  }
}
