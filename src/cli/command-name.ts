import type { ExperimentFlags } from './flags.js';

/** How to call combu for this experiment again: `combu`, or `combu -f other.jsonnet`. */
export function commandName(flags: ExperimentFlags): string {
  const file = flags.file === undefined || flags.file === '-' ? '' : ` -f ${quoted(flags.file)}`;
  const state = flags.state === undefined ? '' : ` --state ${quoted(flags.state)}`;
  return `combu${file}${state}`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
