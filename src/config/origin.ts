/** Who said a value of the configuration: `elsewhere config` and `--report` tell it. */

export type Origin =
  | { readonly by: "default" }
  /** What was given to `connect`. */
  | { readonly by: "code" }
  /** Lines and columns count from 1; a TypeScript file tells neither. */
  | { readonly by: "file"; readonly file: string; readonly line?: number; readonly column?: number }
  /** "--files-local" */
  | { readonly by: "flag"; readonly flag: string }
  /** A variable of the environment, "ELSEWHERE_TARGET". */
  | { readonly by: "variable"; readonly variable: string };

/** "default", "/work/elsewhere.config.yaml:12", "--files-local", "ELSEWHERE_TARGET" */
export function originText(origin: Origin): string {
  switch (origin.by) {
    case "default":
    case "code":
      return origin.by;
    case "file":
      return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
    case "flag":
      return origin.flag;
    case "variable":
      return origin.variable;
  }
}
