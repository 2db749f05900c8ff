/**
 * A completion script for bash 4.4 and later. It stands alone; where bash-completion is
 * loaded as well, the traced program's own completions are used behind its name.
 */
import type { CommandModel, ProgramModel, Values } from "./model.ts";

export function bashScript(program: ProgramModel): string {
  const name = program.name;
  const own = `_${name.replaceAll(/\W/g, "_")}`;
  const commands: readonly CommandModel[] = [{ ...program, name: "" }, ...program.commands];
  return `\
# bash completion for ${name}. In ~/.bashrc: eval "$(${name} completions bash)"

# The options of a command.
${own}_options() {
  case $1 in
${commands.map(({ name, options }) => `    '${name}') echo '${options.flatMap(({ flags }) => flags).join(" ")}' ;;`).join("\n")}
  esac
}

# Whether an option of a command takes a value.
${own}_takes_value() {
  case "$1 $2" in
${optionCases(commands, () => "return 0")}
  esac
  return 1
}

# Completes an option's value, or (without an option) what stands behind a command's options.
${own}_value() {
  case "$1 $2" in
${optionCases(commands, (value) => completing(value, own))}
${commands.flatMap(({ name, operand }) => (operand ? [`    '${name} ') ${completing(operand, own)} ;;`] : [])).join("\n")}
  esac
}

# The last word of a list with commas; signs in front of it stay. (A quote in front is not replaced by bash.)
${own}_list() {
  local head= tail=\${cur#[\\'\\"]}
  [[ $tail == *,* ]] && head=\${tail%,*}, tail=\${tail##*,}
  local signs=\${tail%%[a-z0-9_]*}
  mapfile -t COMPREPLY < <(compgen -P "$head$signs" -W "$1" -- "\${tail#"$signs"}")
  compopt -o nospace
}

# A program, and then its own words; $operand says where it stands.
${own}_program() {
  if declare -F _command_offset >/dev/null; then
    _command_offset "$operand"
  elif ((operand == COMP_CWORD)) && [[ $cur != */* ]]; then
    mapfile -t COMPREPLY < <(compgen -A command -A file -- "$cur" | sort -u)
  else
    compopt -o default
  fi
}

${own}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command= option= last= operand= word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # bash cuts "--option=value" into three words.
    if [[ $word == = ]]; then
      option=$last
    elif [[ $option ]]; then
      option=
    elif [[ $word == -- ]]; then
      operand=$((i + 1))
      break
    elif [[ $word == -* ]]; then
      last=$word
      ${own}_takes_value "$command" "$word" && option=$word
    elif [[ ! $command ]]; then
      command=$word
    else
      operand=$i
      break
    fi
  done
  if [[ $cur == = ]]; then
    option=$last cur=
  fi
  if [[ $option ]]; then
    ${own}_value "$command" "$option"
  elif [[ ! $operand && $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(${own}_options "$command")" -- "$cur")
  elif [[ ! $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W '${program.commands.map(({ name }) => name).join(" ")}' -- "$cur")
  else
    operand=\${operand:-$COMP_CWORD}
    ${own}_value "$command" ""
  fi
}

complete -F ${own} ${name}
`;
}

function optionCases(commands: readonly CommandModel[], action: (value: Values) => string): string {
  return commands
    .flatMap(({ name, options }) =>
      options.flatMap(({ flags, value }) =>
        value ? [`    ${flags.map((flag) => `'${name} ${flag}'`).join(" | ")}) ${action(value)} ;;`] : [],
      ),
    )
    .join("\n");
}

function completing(value: Values, own: string): string {
  switch (value.kind) {
    case "file":
      return "compopt -o default";
    case "program":
      return `${own}_program`;
    case "list":
      return `${own}_list '${value.words.join(" ")}'`;
    case "words":
      return `mapfile -t COMPREPLY < <(compgen -W '${value.words.join(" ")}' -- "$cur")`;
  }
}
