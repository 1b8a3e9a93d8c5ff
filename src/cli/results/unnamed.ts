import { plural } from '../../report/text/amounts.js';
import type { RunResults } from '../../results/run-results.js';
import type { CliContext } from '../context.js';

/** Says how many results a command leaves out because their names are no text, if any. */
export function tellUnnamed(context: CliContext, { unnamed }: RunResults): void {
  if (unnamed === 0) return;
  const what = `${plural(unnamed, 'name')} of files or folders ${unnamed === 1 ? 'is' : 'are'} not UTF-8`;
  context.stderr.write(`${what}, and left out: combu gives them others when their trials have ended.\n`);
}
