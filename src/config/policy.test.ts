/** Which rule decides. */
import { describe, expect, test } from "vitest";
import type { Here } from "./default-rules.ts";
import { filePolicy } from "./file-policy.ts";
import { compilePattern } from "./pattern.ts";
import type { FileMode, FileRule } from "./policy.ts";

const here: Here = {
  homes: ["/home/me", "/disk2/me"],
  workingDirectories: ["/work/shop/cmd"],
  projectFolders: ["/work/shop"],
  executable: "/builds/server",
  environment: { PATH: "/usr/bin:/opt/tool/bin:/odd/programs:.", TMPDIR: "/scratch/me/", GOPATH: "/go:/go2" },
};

const rule = (mode: FileMode, pattern: string, flag = "--flag"): FileRule => ({
  pattern,
  mode,
  origin: { by: "flag", flag },
  compiled: compilePattern(pattern, { homes: here.homes, folder: "/project" }),
});
const origin = { by: "default" } as const;
const nothing: Parameters<typeof filePolicy>[0] = {
  files: { rules: [], otherwise: { mode: "remote-read", origin } },
  hostname: { value: true, origin },
  timezone: { value: "target", origin },
  interfaces: { value: "remote", origin },
};
const saying = (...rules: readonly FileRule[]): typeof nothing => ({ ...nothing, files: { ...nothing.files, rules } });

describe("without a word from the user", () => {
  const policy = filePolicy(nothing, here);

  test.each<[FileMode, readonly string[]]>([
    ["local", ["/proc/self/exe", "/dev/null", "/sys/fs/cgroup", "/tmp/x", "/var/tmp", "/scratch/me/x"]],
    ["local", ["/usr/bin/env", "/lib64/ld-linux-x86-64.so.2", "/run/user/1000/bus", "/etc/ld.so.cache"]],
    [
      "local",
      [
        "/builds/server",
        "/work/shop/go.mod",
        "/disk2/me/x",
        "/home/me/.gitconfig",
        "/opt/tool/lib/x",
        "/odd/programs/x",
      ],
    ],
    ["local", ["/go/pkg/mod/x", "/go2"]],
    ["remote-read", ["/", "/etc", "/etc/passwd", "/etc/app/config.yaml", "/etc/ssl/certs/ca-certificates.crt"]],
    ["remote-read", ["/app", "/srv/www/index.html", "/var/lib/app", "/home/app/x", "/builds/other", "/opt/app"]],
    ["remote-read", ["/run/secrets/key", "/var/run/secrets/kubernetes.io/serviceaccount/token", "/usr/src/app/x"]],
    ["remote-read", ["/proc/sys/kernel/hostname", "/usr/share/zoneinfo/Europe/Berlin", "/homes", "/tmpfile"]],
    ["absent", ["/home/me/.aws/credentials", "/disk2/me/.aws", "/home/me/.kube", "/home/me/.config/gcloud/x"]],
  ])("%s: %j", (mode, paths) => {
    expect(paths.filter((path) => policy.decide(path).mode !== mode)).toEqual([]);
  });

  test("every rule says what it is good for", () => {
    expect(policy.rules.filter(({ why }) => why === undefined)).toEqual([]);
    expect(policy.decide("/opt/tool/x").rule).toMatchObject({
      pattern: "/opt/tool",
      why: "PATH: programs of this machine",
    });
  });

  test("nothing is local because the program starts in /, or because there is no home", () => {
    const nowhere = { ...here, homes: [], workingDirectories: ["/"], projectFolders: [], environment: {} };
    const policy = filePolicy(nothing, nowhere);
    expect(policy.decide("/home/me/.aws").mode).toBe("remote-read");
    expect(policy.decide("/scratch/me").mode).toBe("remote-read");
  });

  test("names and time zones stay here where they are not wanted", () => {
    const policy = filePolicy(
      { ...nothing, hostname: { value: false, origin }, timezone: { value: "local", origin } },
      here,
    );
    const names = ["/etc/hostname", "/proc/sys/kernel/hostname", "/etc/localtime", "/usr/share/zoneinfo/UTC"];
    expect(names.filter((path) => policy.decide(path).mode !== "local")).toEqual([]);
    expect(policy.decide("/etc/hosts").mode).toBe("remote-read");
  });
});

describe("what was said", () => {
  test("comes before the defaults, in its order, and knows its origin", () => {
    const rules = [rule("absent", "/tmp/no"), rule("remote", "/tmp", "--second"), rule("local", "/tmp/never")];
    const policy = filePolicy(saying(...rules), here);
    expect(policy.decide("/tmp/no/x").mode).toBe("absent");
    expect(policy.decide("/tmp/never")).toMatchObject({
      mode: "remote",
      rule: { pattern: "/tmp", origin: { by: "flag", flag: "--second" } },
    });
    expect(policy.decide("/var/tmp").mode).toBe("local");
  });

  test("decides the rest", () => {
    const origin = { by: "flag", flag: "--files-default" } as const;
    const policy = filePolicy({ ...nothing, files: { rules: [], otherwise: { mode: "remote", origin } } }, here);
    expect(policy.decide("/app")).toMatchObject({ mode: "remote", rule: { origin } });
  });
});

test("a decision is the same when it is remembered, and when more were made than are remembered", () => {
  const policy = filePolicy(saying(rule("remote", "/data/**/*.db")), here);
  const first = policy.decide("/data/a/x.db");
  expect(policy.decide("/data/a/x.db")).toBe(first);
  for (let each = 0; each < 70_000; each++) policy.decide(`/srv/${each}`);
  expect(policy.decide("/data/a/x.db")).toBe(first);
});

test("whose interfaces are seen decides about the files that tell of them", () => {
  const local = { ...nothing, interfaces: { value: "local", origin } } as const;
  for (const path of ["/proc/net/route", "/proc/self/net/tcp", "/sys/class/net/eth0/mtu"]) {
    expect(filePolicy(nothing, here).decide(path).mode).toBe("remote-read");
    expect(filePolicy(local, here).decide(path).mode).toBe("local");
  }
});
