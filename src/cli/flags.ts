import { type Command, InvalidArgumentError, Option } from 'commander';

/** Which experiment a command is about; shared by all that look at runs or change them. */
export interface ExperimentFlags {
  /** As given; `-` is standard input; undefined = the default file. */
  readonly file?: string;
  /** The state folder; undefined = `.combu` beside the experiment file. */
  readonly state?: string;
}

/**
 * Adds `-f/--file` and `--state`. `short: false` for commands whose `-f` means something else (`logs -f`);
 * before the command `-f` is the file all the same (verb-order.ts).
 */
export function experimentFlags(command: Command, { short } = { short: true }): Command {
  const file = new Option(
    short ? '-f, --file <file>' : '--file <file>',
    'the experiment file; - reads standard input',
  );
  return command
    .addOption(file.env('COMBU_FILE'))
    .addOption(
      new Option('--state <dir>', 'the state folder (default: .combu beside the file)').env('COMBU_STATE'),
    );
}

/** For commands that write to the record of a run, which may go on on another host. */
export function takeOverFlag(command: Command): Command {
  return command.option(
    '--take-over',
    'also a run of another host, where you know that it does not go on there',
  );
}

/** What the Jsonnet command knows too, in its spelling. */
export interface JsonnetFlags {
  readonly extStr: Readonly<Record<string, string>>;
  readonly extCode: Readonly<Record<string, string>>;
  readonly tlaStr: Readonly<Record<string, string>>;
  readonly tlaCode: Readonly<Record<string, string>>;
  readonly jpath: readonly string[];
}

/** Adds the flags of the Jsonnet command. A variable without `=` takes its value from the environment. */
export function jsonnetFlags(command: Command, env: Readonly<Record<string, string | undefined>>): Command {
  const variable = (flags: string, what: string) =>
    new Option(`${flags} <key=value>`, what)
      .argParser((word: string, before: Readonly<Record<string, string>>) => ({
        ...before,
        ...keyValue(word, env),
      }))
      .default({}, 'none');
  return command
    .addOption(variable('-V, --ext-str', 'give an external variable as a string'))
    .addOption(variable('--ext-code', 'give an external variable as Jsonnet'))
    .addOption(variable('-A, --tla-str', 'give an argument of the file’s function as a string'))
    .addOption(variable('--tla-code', 'give an argument of the file’s function as Jsonnet'))
    .addOption(
      new Option('-J, --jpath <dir>', 'look for imports here too; may be given several times')
        .argParser((word: string, before: readonly string[]) => [...before, word])
        .default([]),
    );
}

/** How a command shows what it does. */
export interface DisplayFlags {
  readonly color: 'auto' | 'always' | 'never';
  readonly progress: 'auto' | 'tty' | 'plain' | 'json' | 'quiet';
}

export function colorFlag(command: Command): Command {
  return command.addOption(
    new Option('--color <when>', 'use colours')
      .choices(['auto', 'always', 'never'])
      .default('auto')
      .env('COMBU_COLOR'),
  );
}

export function progressFlag(command: Command): Command {
  return command.addOption(
    new Option('--progress <kind>', 'how to show what happens')
      .choices(['auto', 'tty', 'plain', 'json', 'quiet'])
      .default('auto')
      .env('COMBU_PROGRESS'),
  );
}

export function jsonFlag(command: Command): Command {
  return command.option('--json', 'print JSON');
}

function keyValue(word: string, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const at = word.indexOf('=');
  if (at > 0) return { [word.slice(0, at)]: word.slice(at + 1) };
  const value = env[word];
  if (at === 0 || value === undefined) {
    throw new InvalidArgumentError(`Write key=value; ${word} is not set in the environment either.`);
  }
  return { [word]: value };
}

/** A whole number from 1 on. */
export function positive(word: string): number {
  if (!/^[0-9]+$/.test(word) || Number(word) < 1)
    throw new InvalidArgumentError('Write a whole number from 1 on.');
  return Number(word);
}

/** `true` or `false`, written out: as the original command had it. */
export function trueOrFalse(word: string): boolean {
  if (word === 'true') return true;
  if (word === 'false') return false;
  throw new InvalidArgumentError('Write true or false.');
}
