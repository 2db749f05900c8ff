/** What the figures were measured on. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release } from "node:os";

/** A paragraph: date, processor, kernel, whether the machine is virtual and how busy it was. */
export function describeMachine(): string {
  const [first] = cpus();
  const kind = hypervisor();
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} × ${first?.model ?? "unknown processor"}`,
    `Linux ${release()}`,
    kind === "none" ? "a machine of its own" : `a noisy virtual machine (${kind})`,
    `load ${(loadavg()[0] ?? 0).toFixed(1)} at the start`,
    `Node ${process.versions.node}`,
    `command: \`npm run bench${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(" ")}` : ""}\``,
  ].join("; ");
}

function hypervisor(): string {
  const line = /^Hypervisor vendor:\s*(.+)$/m.exec(
    execFileSync("lscpu", { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } }),
  );
  return line?.[1] ?? "none";
}
