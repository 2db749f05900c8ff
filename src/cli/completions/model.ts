/**
 * What a shell needs to know of the command line, read off the commander program itself,
 * so that completions cannot tell of options that are not there.
 */
import type { Argument, Command, Option } from "commander";

/** What a word of the command line may be. */
export type Values =
  | { readonly kind: "file" }
  /** A program to run, and behind it the program's own words. */
  | { readonly kind: "program" }
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Words with commas between, each perhaps with a sign in front: network,%file,!close. */
  | { readonly kind: "list"; readonly words: readonly string[] };

export interface OptionModel {
  /** "-o", "--output". */
  readonly flags: readonly string[];
  readonly description: string;
  /** Undefined for an option that takes no value. */
  readonly value: Values | undefined;
}

export interface CommandModel {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionModel[];
  /** What stands behind the options, if anything. */
  readonly operand: Values | undefined;
}

export interface ProgramModel extends CommandModel {
  readonly commands: readonly CommandModel[];
}

/**
 * @param program what commander parses
 * @param known   the values of options and arguments by the name of their placeholder ("list" of
 *   `--filter <list>`); the choices that commander knows need not be here, all else is a file
 */
export function modelOf(program: Command, known: Readonly<Record<string, Values>>): ProgramModel {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).map((command) => commandModel(command, known));
  const names = commands.map(({ name }) => name);
  return {
    ...commandModel(program, known),
    commands: commands.map((command) =>
      command.name === "help" ? { ...command, operand: { kind: "words", words: names } } : command,
    ),
  };
}

function commandModel(command: Command, known: Readonly<Record<string, Values>>): CommandModel {
  const help = command.createHelp();
  const [operand] = command.registeredArguments;
  return {
    name: command.name(),
    description: help.subcommandDescription(command),
    options: help.visibleOptions(command).map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      description: option.description,
      value: option.required || option.optional ? valuesOf(option, placeholder(option), known) : undefined,
    })),
    operand: operand && valuesOf(operand, operand.name(), known),
  };
}

function valuesOf(taker: Option | Argument, name: string, known: Readonly<Record<string, Values>>): Values {
  if (taker.argChoices) return { kind: "words", words: taker.argChoices };
  return known[name] ?? { kind: "file" };
}

/** "list" of "-e, --filter <list>". */
function placeholder(option: Option): string {
  return /[<[]([^\].>]+)/.exec(option.flags)?.[1] ?? "";
}
