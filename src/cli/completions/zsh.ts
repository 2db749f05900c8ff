/** A completion script for zsh's completion system, to be evaluated or put on `fpath` as `_elsewhere`. */
import type { CommandModel, OptionModel, ProgramModel, Values } from "./model.ts";

export function zshScript(program: ProgramModel): string {
  const { name, commands } = program;
  const own = `_${name.replaceAll(/\W/g, "_")}`;
  return `\
#compdef ${name}
# zsh completion for ${name}. In ~/.zshrc, after compinit: eval "$(${name} completions zsh)"

${own}_commands() {
  local -a commands=(
${commands.map((command) => `    ${quoted(`${command.name}:${command.description}`)}`).join("\n")}
  )
  _describe -t commands '${name} command' commands
}

# The last word of a list with commas; signs in front of it stay.
${own}_list() {
  compset -P '*,'
  compset -P '[%?!]'
  compadd -S '' -- "$@"
}

${own}() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C -S \\
${program.options.map((option) => `    ${specification(option, own)} \\\n`).join("")}\
    '(-)1: :${own}_commands' \\
    '(-)*:: :->rest'
  [[ $state == rest ]] || return
  case $words[1] in
${commands.map((command) => commandCase(command, own)).join("\n")}
  esac
}

if [[ $funcstack[1] == ${own} ]]; then
  ${own} "$@"
else
  compdef ${own} ${name}
fi
`;
}

function commandCase({ name, options, operand }: CommandModel, own: string): string {
  const specifications = options.map((option) => specification(option, own));
  // "(-)": no options of ours behind the program's name.
  if (operand?.kind === "program") specifications.push("'(-)1:program:_command_names -e'", "'(-)*::arguments:_normal'");
  else if (operand) specifications.push(quoted(`1:operand:${action(operand, own)}`));
  return `    ${name}) _arguments -S ${specifications.join(" \\\n        ")} ;;`;
}

/** '*'{-o,--output}'[write the trace to FILE]:file:_files' */
function specification({ flags, description, value }: OptionModel, own: string): string {
  const help = `[${description.replaceAll(/[\\[\]:]/g, String.raw`\$&`)}]`;
  const taken = value ? `:value:${action(value, own)}` : "";
  // "--output=" takes its value behind a "=" or as the next word.
  const names = flags.map((flag) => (value && flag.startsWith("--") ? `${flag}=` : flag));
  return `'*'${names.length > 1 ? `{${names.join(",")}}` : names.join("")}${quoted(help + taken)}`;
}

function action(value: Values, own: string): string {
  switch (value.kind) {
    case "file":
      return "_files";
    case "program":
      return "_command_names -e";
    case "list":
      return `{${own}_list ${value.words.join(" ")}}`;
    case "words":
      return `(${value.words.join(" ")})`;
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
