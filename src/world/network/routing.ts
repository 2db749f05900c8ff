/** Where a connection of the program's is to begin: what the rules say, and what they need to know for it. */
import { isLoopback } from "../../config/destination-pattern.ts";
import type { Destination, OutgoingPolicy, OutgoingRule } from "../../config/outgoing.ts";
import type { FileDecision, FilePolicy } from "../../config/policy.ts";
import { errnoNumber } from "../../linux/errno.ts";
import type { BaseCall } from "../../hooks/types.ts";
import { error } from "../errors.ts";
import { normal } from "../locate.ts";
import { KnownNames } from "./known-names.ts";
import type { NameListener } from "./questions.ts";
import { OwnListeners } from "./own-listeners.ts";

/** Where questions about names are asked (RFC 1035, section 4.2). */
export const DNS_PORT = 53;

/** Hears what was decided. */
export interface RouteListener {
  connection(tid: number, to: RoutedDestination, rule: OutgoingRule | FileDecision): void;
}

/** What the program connects to: an address, or a Unix socket's path or "@name". */
export type RoutedDestination = Destination | { readonly protocol: "unix"; readonly path: string };

export interface RoutingOptions {
  readonly policy: OutgoingPolicy;
  /** Decides about the paths of Unix sockets; without it they are local. */
  readonly files?: Pick<FilePolicy, "decide"> | undefined;
  /** @default none: addresses have no names */
  readonly names?: KnownNames | undefined;
  readonly report?: (RouteListener & NameListener) | undefined;
  /** A thread's working directory, wherever that is; without it the kernel is asked. */
  readonly directoryOf?: ((tid: number) => string | undefined) | undefined;
  /** The target is on the network of this machine: what the program listens on is there as well. @default false */
  readonly sharesNetwork?: boolean;
}

/** Local: the kernel's business. A number is −errno. */
export type Route = "local" | "remote" | number;

export class Routing {
  readonly listeners: OwnListeners;
  readonly names: KnownNames;
  readonly policy: OutgoingPolicy;
  readonly #files: Pick<FilePolicy, "decide"> | undefined;
  readonly #report: RouteListener | undefined;
  readonly #directoryOf: RoutingOptions["directoryOf"];

  constructor({ policy, files, names, report, sharesNetwork = false, directoryOf }: RoutingOptions) {
    this.listeners = new OwnListeners(sharesNetwork);
    this.policy = policy;
    this.names = names ?? new KnownNames();
    this.#files = files;
    this.#report = report;
    this.#directoryOf = directoryOf;
  }

  /** A path as the thread means it, absolute. */
  absolute({ tid, process }: Pick<BaseCall, "tid" | "process">, path: string): string {
    return path.startsWith("/") ? path : `${this.#directoryOf?.(tid) ?? process.cwd}/${path}`;
  }

  /** @param tid of the thread that asks */
  internet(tid: number, protocol: "tcp" | "udp", address: string, port: number): Route {
    const to: Destination = {
      protocol,
      address,
      port,
      // Who answers questions is not asked for by a name, and may have the address of a host that is.
      names: port === DNS_PORT ? [] : this.names.of(address),
      isOwn: isLoopback(address) && this.listeners.has(port),
      isForMany: protocol === "udp" && isForMany(address),
    };
    const rule = this.policy.decide(to);
    this.#report?.connection(tid, to, rule);
    // Questions about names are decided one by one.
    if (port === DNS_PORT && rule === this.policy.otherwise && (rule.mode === "local" || this.policy.hasNames))
      return "remote";
    return rule.mode === "refuse" ? refusal(rule) : rule.mode;
  }

  /** @param path absolute, or "@name" */
  unix(tid: number, path: string, name: string): Route {
    if (this.listeners.hasName(name)) return "local";
    const isAbstract = path.startsWith("@");
    const to = { protocol: "unix", path: isAbstract ? path : normal(path) } as const;
    const rule = this.policy.decidePath(to.path);
    if (rule !== undefined) {
      this.#report?.connection(tid, to, rule);
      return rule.mode === "refuse" ? refusal(rule) : rule.mode;
    }
    if (this.#files === undefined) return "local";
    if (isAbstract) {
      this.#report?.connection(tid, to, this.policy.otherwise);
      return this.policy.otherwise.mode === "refuse" ? refusal(this.policy.otherwise) : this.policy.otherwise.mode;
    }
    const decision = this.#files.decide(to.path);
    this.#report?.connection(tid, to, decision);
    if (decision.mode === "absent") return error("ENOENT");
    return decision.mode === "local" ? "local" : "remote";
  }
}

const refusal = ({ errno = "ECONNREFUSED" }: OutgoingRule): number => -(errnoNumber(errno) ?? ECONNREFUSED);
const ECONNREFUSED = 111;

/** Whoever is meant by it is many, or whoever is near. */
const isForMany = (host: string): boolean =>
  /^(?:::ffff:)?(?:22[4-9]|23\d)\./.test(host) || host.startsWith("ff") || host === "255.255.255.255";
