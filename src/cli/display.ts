import type { CliContext } from './context.js';
import type { DisplayFlags, ExperimentFlags } from './flags.js';

type Output = CliContext['stdout'];

/** A terminal that understands escape codes. */
function isTerminal(context: CliContext, stream: Output): boolean {
  return stream.isTTY === true && context.env.TERM !== 'dumb';
}

/** Whether to colour what goes to the stream: `--color`, then NO_COLOR (no-color.org), then whether it is a terminal. */
export function wantsColor(
  context: CliContext,
  flags: Pick<DisplayFlags, 'color'>,
  stream: Output,
): boolean {
  if (flags.color !== 'auto') return flags.color === 'always';
  return !context.env.NO_COLOR && isTerminal(context, stream);
}

/** How to show progress: as asked, else live where standard error is a terminal. */
export function progressKind(
  context: CliContext,
  flags: Pick<DisplayFlags, 'progress'>,
): Exclude<DisplayFlags['progress'], 'auto'> {
  if (flags.progress !== 'auto') return flags.progress;
  return isTerminal(context, context.stderr) ? 'tty' : 'plain';
}

/** Whether the terminal shows letters beyond ASCII, as its locale says. */
export function showsUnicode(context: CliContext): boolean {
  const locale = context.env.LC_ALL || context.env.LC_CTYPE || context.env.LANG || '';
  return /utf-?8/i.test(locale);
}

/** How to call combu for this experiment again: `combu`, or `combu -f other.jsonnet`. */
export function commandName(flags: ExperimentFlags): string {
  const file = flags.file === undefined || flags.file === '-' ? '' : ` -f ${quoted(flags.file)}`;
  const state = flags.state === undefined ? '' : ` --state ${quoted(flags.state)}`;
  return `combu${file}${state}`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
