/** Which names addresses have before anybody has asked: those of /etc/hosts, and the domains of /etc/resolv.conf. */
import { readFileSync } from "node:fs";
import type { FilePolicy } from "../../config/policy.ts";
import { readHosts, readResolverSettings } from "../../linux/resolver-files.ts";
import type { RemoteFiles } from "../../session/remote-files.ts";
import { KnownNames } from "./known-names.ts";

/** Longer files say nothing that counts. */
const MOST = 1 << 20;

/** @param policy whose files the program reads */
export async function firstNames(files: RemoteFiles, policy: Pick<FilePolicy, "decide">): Promise<KnownNames> {
  const [hosts, settings] = await Promise.all(
    ["/etc/hosts", "/etc/resolv.conf"].map((path) => textOf(files, path, policy.decide(path).mode === "local")),
  );
  const names = new KnownNames(readResolverSettings(settings ?? "").domains);
  for (const host of readHosts(hosts ?? "")) for (const name of host.names) names.learn(host.address, name);
  return names;
}

/** "" for a file that cannot be read. */
async function textOf(files: RemoteFiles, path: string, isHere: boolean): Promise<string> {
  if (isHere) return textHere(path);
  const opened = await files.open({ path }, { flags: 0, contentLimit: MOST, closeWhenComplete: true });
  if (typeof opened === "number") return "";
  if (opened.file !== undefined) await files.close(opened.file);
  return Buffer.from(opened.content ?? []).toString();
}

function textHere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
