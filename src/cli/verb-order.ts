import type { Command } from 'commander';

/**
 * Puts what stands before the command behind it, so that `combu -f F run` means `combu run --file F` and commands
 * declare their flags once. `-f` before the command is always the file (after `logs` it is follow).
 * Returns the arguments unchanged where no command is found: commander then says what is wrong.
 */
export function verbFirst(argv: readonly string[], program: Command): readonly string[] {
  for (const [index, word] of argv.entries()) {
    if (word === '--') break;
    const command = find(program, word);
    if (command === undefined) continue;
    const before = argv.slice(0, index);
    if (!endsBetweenFlags(before, command)) continue;
    const verbs = [word];
    const next = argv[index + 1];
    if (next !== undefined && find(command, next) !== undefined) verbs.push(next);
    return [...verbs, ...before.map(fileFlag), ...argv.slice(index + verbs.length)];
  }
  return argv;
}

function find(parent: Command, word: string): Command | undefined {
  return parent.commands.find((command) => command.name() === word || command.aliases().includes(word));
}

/** Whether the word after these is not the value of the last of them. */
function endsBetweenFlags(words: readonly string[], command: Command): boolean {
  const options = [command, ...command.commands].flatMap((one) => one.options);
  let index = 0;
  while (index < words.length) {
    const word = words[index]!;
    if (!word.startsWith('-') || word === '-') return false;
    const long = fileFlag(word);
    const option = options.find((one) => one.long === long || (one.short === word && word !== '-f'));
    // A value that may be left out is taken from the next word unless that looks like a flag, as commander does.
    const next = words[index + 1];
    const takesNext =
      option?.required || (option?.optional && next !== undefined && !next.startsWith('-')) || false;
    index += takesNext ? 2 : 1;
  }
  return index === words.length;
}

function fileFlag(word: string): string {
  if (word === '-f') return '--file';
  return word.startsWith('-f') && !word.startsWith('--') ? `--file=${word.slice(2)}` : word;
}
