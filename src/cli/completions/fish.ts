/** A completion script for fish 3 and later. */
import type { CommandModel, OptionModel, ProgramModel, Values } from "./model.ts";

export function fishScript(program: ProgramModel): string {
  const { name, commands } = program;
  const list = `__${name.replaceAll(/\W/g, "_")}_list`;
  const lines = [
    ...program.options.map((option) => optionLine(name, "__fish_use_subcommand", option, list)),
    ...commands.map(
      (command) =>
        `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.description)}`,
    ),
    ...commands.flatMap((command) => commandLines(name, command, list)),
  ];
  return `\
# fish completion for ${name}. In ~/.config/fish/config.fish: ${name} completions fish | source

# The last word of a list with commas; signs in front of it stay.
function ${list}
  string match -rq '^(?<head>(?:.*,)?[%?!]*)' -- (commandline -ct)
  printf '%s\\n' $head$argv
end

complete -c ${name} -e
${lines.join("\n")}
`;
}

function commandLines(name: string, command: CommandModel, list: string): readonly string[] {
  const seen = `__fish_seen_subcommand_from ${command.name}`;
  const options = command.options.map((option) => optionLine(name, seen, option, list));
  const operand =
    command.operand?.kind === "program" ? theProgram(command) : command.operand && taking(command.operand, list);
  return operand === undefined ? options : [...options, `complete -c ${name} -n '${seen}' ${operand}`];
}

/** A program and then its own words: what follows our two words, our options and the values of those. */
function theProgram({ options }: CommandModel): string {
  const taking = options.flatMap(({ flags, value }) => (value ? flags : []));
  if (taking[0]?.startsWith("--") === true) taking.unshift("-"); // fish would take it for an option of its own
  return `-x -a '(__fish_complete_subcommand --fcs-skip=2${taking.map((flag) => ` ${flag}`).join("")})'`;
}

function optionLine(name: string, condition: string, { flags, description, value }: OptionModel, list: string): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const taken = value ? ` ${taking(value, list)}` : "";
  return `complete -c ${name} -n '${condition}' ${names.join(" ")} -d ${quoted(description)}${taken}`;
}

function taking(value: Values, list: string): string {
  switch (value.kind) {
    case "file":
    case "program":
      return "-r -F";
    case "list":
      return `-x -a '(${list} ${value.words.join(" ")})'`;
    case "words":
      return `-x -a '${value.words.join(" ")}'`;
  }
}

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
