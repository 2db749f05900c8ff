/**
 * Puts the compiled modules of a dist folder into few files, in their place: a start that opens a hundred modules
 * takes a third longer. Types stay as tsc wrote them; packages stay outside.
 *
 *     node script/bundle.ts FOLDER
 *
 * Chunks stand beside the command line, one folder deep like every compiled module: paths that are told from
 * `import.meta.url` stay right.
 */
import { chmodSync, globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

const [folder = ""] = process.argv.slice(2);
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };

const bundle = await rolldown({
  input: { "cli/main": join(folder, "cli/main.js"), index: join(folder, "index.js") },
  external: [/^node:/, ...Object.keys(dependencies)],
});
const { output } = await bundle.write({
  dir: folder,
  entryFileNames: "[name].js",
  chunkFileNames: "cli/[name]-[hash].js",
});
await bundle.close();
const bundled = new Set(output.map(({ fileName }) => fileName));
for (const file of globSync("**/*.js", { cwd: folder })) if (!bundled.has(file)) rmSync(join(folder, file));
chmodSync(join(folder, "cli/main.js"), 0o755);
