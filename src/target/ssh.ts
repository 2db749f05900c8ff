/**
 * `ssh:HOST`, by the user's own ssh(1): their configuration, keys and jump hosts. One connection carries all of it: a
 * shell script that tells what the host has, what it lacks as a tar stream, then the session. The script stays as a
 * guard: it removes what was brought when the agent has ended, whatever has ended it, and the agent ends when the
 * connection does.
 */
import { machine } from "node:os";
import type { Socket } from "node:net";
import { finished } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { ElsewhereError } from "../errors.ts";
import { startAgent } from "./agent-process.ts";
import { Baggage, baggageId } from "./baggage.ts";
import type { StartedAgent, StartOptions, TargetKind } from "./target.ts";
import { tool } from "./tools.ts";

export const ssh: TargetKind = {
  name: "ssh",
  usage: "ssh:HOST",
  summary: "another machine, as ssh knows it",
  start: startOverSsh,
};

/** Bringing Node.js over a slow line, and typing a password, take their time: milliseconds. */
const PATIENCE_MS = 600_000;
/** In front of each line that the script says; a login shell may have said something before. */
const SAYS = "elsewhere-host:";
const OLDEST_NODE: readonly [number, number] = [22, 18];

/**
 * What runs at the host, in any POSIX shell. $id: which baggage. It says what the host has, is told "bring" or "keep"
 * (and gets a tar stream) or "use", with "-node" where Node.js goes along, gets the command, and runs it.
 */
const script = (id: string): string => `
id=${id}
say() { printf '%s\\n' "${SAYS}$*"; }
before=$(umask)
umask 077
kept=\${XDG_CACHE_HOME:-$HOME/.cache}/elsewhere/agent-$id
dir=
clean() { [ -z "$dir" ] || rm -rf -- "$dir"; }
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
trap clean EXIT
node=$(node --version 2>/dev/null) || node=none
has=
[ ! -e "$kept/complete" ] || has="$has package"
[ ! -e "$kept-node/complete" ] || has="$has package-node"
say "$(uname -s) $(uname -m) $node $has"
read -r task suffix || exit 1
kept=$kept$suffix
case $task in
bring) dir=$(mktemp -d "\${TMPDIR:-/tmp}/elsewhere-XXXXXXXX") || exit 1 ;;
keep) dir=$kept.$$ && mkdir -p "$dir" || exit 1 ;;
esac
if [ "$task" != use ]; then
  tar -xf - -C "$dir" || exit 1
fi
if [ "$task" = keep ]; then
  : >"$dir/complete"
  if [ -e "$kept" ]; then rm -rf -- "$dir"; else mv "$dir" "$kept"; fi
  dir=
fi
there=\${dir:-$kept}
say unpacked
read -r command || exit 1
umask "$before"
ELSEWHERE_CACHE_DIR="$there/cache" UV_THREADPOOL_SIZE=64
export ELSEWHERE_CACHE_DIR UV_THREADPOOL_SIZE
eval "$command --root / --pid $$"
`;

async function startOverSsh(host: string, { progress, signal, keep = false }: StartOptions): Promise<StartedAgent> {
  if (host === "" || host.startsWith("-"))
    throw new ElsewhereError({ code: "target-unusable", message: "which host?", hint: "ssh:HOST, as for ssh itself" });
  progress(`connecting to ${host}`);
  const id = baggageId();
  const commands = script(id);
  return startAgent({
    target: host,
    // The login shell may be any: what it reads is a word in quotes. dd reads no byte too much.
    // prettier-ignore
    command: [
      tool("ssh"), "-T", "-o", "ClearAllForwardings=yes", "--", host,
      `exec /bin/sh -c 'eval "$(dd bs=1 count=${Buffer.byteLength(commands)} 2>/dev/null)"'`,
    ],
    talks: "stdio",
    env: process.env,
    keepsTerminal: true,
    patienceMs: PATIENCE_MS,
    dialogue: async (connection) => {
      connection.write(commands);
      await settle(connection, host, keep, progress);
      progress(`starting an agent at ${host}`);
    },
    hint: explain,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Hears what the host has, and brings what it lacks. */
async function settle(
  connection: Socket,
  host: string,
  keep: boolean,
  progress: StartOptions["progress"],
): Promise<void> {
  const [system = "", processor = "", node = "", ...has] = (await hear(connection)).split(" ");
  if (system !== "Linux" || processor !== machine())
    throw new ElsewhereError({
      code: "target-unusable",
      message: `${host} is another kind of machine`,
      context: [`there: ${system} ${processor}`, `here: Linux ${machine()}`],
      hint: "a target over ssh must run Linux on the same kind of processor",
    });
  const withNode = !isNewEnough(node);
  const suffix = withNode ? "-node" : "";
  using baggage = await Baggage.pack('"$there"', withNode);
  if (has.includes(`package${suffix}`)) connection.write(`use ${suffix}\n`);
  else {
    progress(withNode ? `bringing elsewhere and Node.js to ${host}` : `bringing elsewhere to ${host}`);
    connection.write(`${keep ? "keep" : "bring"} ${suffix}\n`);
    const archive = baggage.tar();
    const said = archive.stderr === null ? Promise.resolve("") : text(archive.stderr);
    archive.stdout?.pipe(connection, { end: false });
    if (archive.stdout !== null) await finished(archive.stdout);
    const complaint = await said;
    if (complaint !== "") throw new Error(`tar: ${complaint}`);
  }
  await hear(connection);
  connection.write(`${baggage.command.join(" ")} agent\n`);
}

/** The next line that the script says; what stands behind it stays unread. Never settles when none comes. */
function hear(connection: Socket): Promise<string> {
  let seen = Buffer.alloc(0);
  return new Promise((resolve) => {
    connection.on("readable", function arrived() {
      for (let chunk: unknown; (chunk = connection.read()) !== null;)
        if (chunk instanceof Buffer) seen = Buffer.concat([seen, chunk]);
      const start = seen.indexOf(SAYS);
      const end = start < 0 ? -1 : seen.indexOf("\n", start);
      if (end < 0) return;
      connection.off("readable", arrived);
      const rest = seen.subarray(end + 1);
      if (rest.length > 0) connection.unshift(rest);
      resolve(seen.toString("utf8", start + SAYS.length, end));
    });
  });
}

function isNewEnough(version: string): boolean {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > OLDEST_NODE[0] || (Number(major) === OLDEST_NODE[0] && Number(minor) >= OLDEST_NODE[1]);
}

/** What ssh and the script's tools complain of most. */
function explain(said: string): string | undefined {
  if (/Permission denied/.test(said)) return "try: ssh HOST true; it must work, and without a password best";
  if (/Could not resolve|Connection refused|timed out|No route/.test(said)) return "try: ssh HOST true";
  if (/tar: not found|tar: command not found/.test(said)) return "install tar at the host";
  if (/No space left/.test(said)) return "about 170 MB are needed in /tmp there (10 MB where it has Node.js)";
  if (/noexec|Permission denied.*ld-linux/.test(said)) return "/tmp there may be mounted noexec: set TMPDIR there";
  return undefined;
}
