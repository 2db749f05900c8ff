/**
 * Hooks that do themselves what can be done without the kernel, and have it do the rest another way: paths are resolved by the
 * model, and the kernel gets the canonical one; data goes through memory of ours; descriptors are duplicated by `fcntl`. A
 * program must not be able to tell.
 */
import { type AnyCall, defineHooks, type HookSet } from "../../src/index.ts";
import { type CallPath, callPaths, lookedUp } from "../../src/hooks/call-paths.ts";
import { LocalTree } from "../../src/model/local-tree.ts";
import { type Resolution, resolvePath } from "../../src/model/resolve.ts";
import { threadOf } from "../../src/sets/real-path.ts";

/** How often each was done. */
export interface Emulated {
  paths: number;
  /** Answered without the kernel, for the path leads nowhere. */
  errors: number;
  data: number;
  descriptors: number;
}

const ENOENT = 2;
const F_DUPFD = 0;
/** Larger ones are left to the kernel: what is lent is limited. */
const MOST = 64 * 1024;

export function emulation(emulated: Emulated): HookSet {
  return defineHooks({
    file(call) {
      const named = callPaths(call);
      if (named.length === 0) return;
      const changes: Record<string, string> = {};
      for (const each of named) {
        const found = resolved(call, each);
        if (found === undefined) return;
        if (typeof found === "number") {
          if (named.length > 1 || !isLookedUpFirst(call)) return;
          emulated.errors++;
          return -found;
        }
        changes[each.argument] = found;
      }
      emulated.paths++;
      return call.proceed(changes);
    },
    dup(call) {
      emulated.descriptors++;
      return call.run("fcntl", { fd: call.args.fildes, cmd: F_DUPFD, arg: 0n });
    },
    async read(call) {
      if (call.args.count > MOST) return;
      const memory = call.lend(call.args.count + 1);
      const result = await call.run("read", { fd: call.args.fd, buf: memory, count: call.args.count });
      emulated.data++;
      if (result === null || result <= 0) return result;
      const written = call.buffer.write(memory.read(result));
      return written < 0 ? written : result;
    },
    async write(call) {
      const bytes = call.args.count > MOST ? undefined : call.buffer.read();
      if (bytes === undefined || bytes.length !== call.args.count || bytes.length === 0) return;
      emulated.data++;
      return call.run("write", { fd: call.args.fd, buf: call.lend(bytes), count: bytes.length });
    },
  });
}

/** Calls whose other arguments are looked at after the path. */
const isLookedUpFirst = (call: AnyCall): boolean =>
  ["stat", "lstat", "chdir", "mkdirat", "rmdir", "unlink"].includes(call.name);

/** Where it leads, as the program names it; the error it ends with; or undefined: the kernel's business. */
function resolved(call: AnyCall, named: CallPath): string | number | undefined {
  if (named.resolve !== 0 || named.bytes !== undefined || named.path === "") return undefined;
  const path = lookedUp(named);
  const slash = path.lastIndexOf("/");
  const [parent, name] = named.isName ? [path.slice(0, slash + 1), path.slice(slash + 1)] : [path, ""];
  if (named.isName && (name === "" || name === "." || name === "..")) return undefined;
  const found = lookUp(call, named, named.isName ? parent || "." : path);
  if (found === undefined) return undefined;
  if (found.errno !== undefined && !(found.errno === ENOENT && found.path !== undefined && !named.isName))
    return found.errno;
  if (found.path === undefined || /^\/proc\b|\uFFFD/.test(found.path)) return undefined;
  const slashes = named.path.endsWith("/") ? "/" : ""; // behind a name that is to be made they count
  if (named.isName)
    return found.errno === undefined ? `${found.path === "/" ? "" : found.path}/${name}${slashes}` : undefined;
  return path.endsWith("/") && found.path !== "/" ? `${found.path}/` : found.path;
}

function lookUp(call: AnyCall, named: CallPath, path: string): Resolution | undefined {
  const tree = new LocalTree(threadOf(call));
  const base = path.startsWith("/") ? ({ path: "/", kind: "directory" } as const) : tree.baseOf(named.dirfd);
  if (typeof base === "number") return undefined;
  const { follow, emptyPath, directory } = named;
  return resolvePath(tree, base, path, named.isName ? { follow: true } : { follow, emptyPath, directory });
}
