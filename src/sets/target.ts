/** What a rule is about: files, the other end of sockets, descriptors, programs. */
import { z } from "zod";
import type { AnyCall } from "../hooks/types.ts";
import { type Destination, isDestination, parseDestination } from "./destinations.ts";
import { whenAll } from "./eventually.ts";
import { descriptorsOf, descriptorTargets, namedFiles } from "./named-files.ts";
import { destination, oneOrMore, pathPattern } from "./options.ts";
import { type PathPattern, pathMatcher } from "./path-patterns.ts";
import type { Peers } from "./peers.ts";
import { plainPath, realPath, threadOf } from "./real-path.ts";

/** Which calls a rule is about. All that is given must hold; of a list one thing. */
export interface Target {
  /**
   * Files that the call names, or that its descriptor is open on: "/var/lib/app" is that and all below it, `*`
   * anything within a name, `**` anything. Real paths are compared, without symbolic links.
   */
  readonly path?: PathPattern | readonly PathPattern[];
  /**
   * Where the call connects or sends to, or what its socket is connected to: "127.0.0.1", "10.0.0.0/8:5432",
   * "[::1]:80", "*:443", "/run/postgresql/**", "@abstract".
   */
  readonly to?: string | readonly string[];
  readonly fd?: number | readonly number[];
  /** The program that makes the call: a pattern as of `path`. */
  readonly program?: PathPattern | readonly PathPattern[];
}

/** The part of a rule's schema that is its target. */
export const targetShape: {
  readonly path: z.ZodType;
  readonly to: z.ZodType;
  readonly fd: z.ZodType;
  readonly program: z.ZodType;
} = {
  path: oneOrMore(pathPattern).optional(),
  to: oneOrMore(destination).optional(),
  fd: oneOrMore(z.int().nonnegative()).optional(),
  program: oneOrMore(pathPattern).optional(),
};

export type TargetMatcher = (call: AnyCall) => boolean | Promise<boolean>;

/** A promise only where the kernel has to be asked what a socket is connected to. */
export function targetMatcher({ path, to, fd, program }: Target, peers: Peers): TargetMatcher {
  const isPath = path === undefined ? undefined : pathMatcher(path);
  const isProgram = program === undefined ? undefined : pathMatcher(program);
  const descriptors = fd === undefined ? undefined : [fd].flat();
  const destinations = to === undefined ? undefined : [to].flat().map(parseDestination);
  return (call) => {
    if (isProgram?.(call.process.program) === false) return false;
    if (descriptors !== undefined && !descriptorsOf(call).some((each) => descriptors.includes(each))) return false;
    if (isPath !== undefined && !pathsOf(call).some(isPath)) return false;
    return destinations === undefined || leadsTo(destinations, call, peers);
  };
}

const pathsOf = (call: AnyCall): string[] => [
  ...namedFiles(call).flatMap(({ real }) => real ?? []),
  ...descriptorTargets(call),
];

function leadsTo(destinations: readonly Destination[], call: AnyCall, peers: Peers): boolean | Promise<boolean> {
  const real = (path: string): string | undefined => realPath(threadOf(call), plainPath(path));
  // Of calls that name an address it is that one: a socket may send to many.
  const named = call.address;
  if (named !== undefined && named.bytes.length > 0) return isDestination(destinations, named, real);
  const found = descriptorsOf(call).map((fd) => {
    const peer = peers.of(call, fd);
    if (peer instanceof Promise)
      return peer.then((known) => known !== undefined && isDestination(destinations, known.address, real));
    return peer !== undefined && isDestination(destinations, peer.address, real);
  });
  return whenAll(found, (all) => all.includes(true));
}
