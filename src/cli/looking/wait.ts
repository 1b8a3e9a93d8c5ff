import { leftForLater } from '../../model/sample.js';
import { countStates, formatCounts } from '../../report/counts.js';
import { plural } from '../../report/text/amounts.js';
import { formatAge } from '../../report/text/times.js';
import { commandName } from '../command-name.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import { runDocument } from './documents.js';
import { chooseRun, type RunChoice, type SeenRun } from './run-choice.js';
import { watchRun } from './watch-run.js';

export interface WaitFlags extends RunChoice {
  readonly json?: true;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** `combu wait`: ends when the run does, with its exit code; 124 when the time is over, 1 where nobody supervises it any more. */
export async function wait(context: CliContext, flags: WaitFlags): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  const stop = new AbortController();
  const over = new AbortController();
  if (flags.timeout !== undefined)
    void context.clock.sleep(flags.timeout, over.signal).then(() => stop.abort());
  const at = { host: context.host, signal: stop.signal };
  const seen = await watchRun(run, at, { past: () => {}, event: () => {} });
  over.abort();
  if (flags.json)
    context.stdout.write(`${JSON.stringify({ schema: 'combu/wait/v1', run: runDocument(seen) })}\n`);
  else context.stderr.write(`${outcomeLine(seen, flags)}\n`);
  if (seen.standing === 'running') return EXIT.deadline;
  return seen.state.exitCode ?? EXIT.trials;
}

function outcomeLine({ run, state, standing }: SeenRun, flags: WaitFlags): string {
  const counts = countStates(state, standing, 'batch');
  const text = `${plural(counts.total, 'trial')}: ${formatCounts(counts)}`;
  if (standing === 'running')
    return `Run ${run.id} still goes on after ${formatAge(flags.timeout ?? 0)}; ${text}`;
  if (standing === 'elsewhere')
    return `Run ${run.id} was started on ${state.host}: how it stands can't be known from here; ${text}`;
  if (standing === 'interrupted' && state.outcome === null)
    return `Nobody supervises run ${run.id} any more; go on with it: ${commandName(flags)} run --resume ${run.id}`;
  const left = leftForLater(state.sample);
  const rest = `; a sample, which leaves ${plural(left, 'trial')}: ${commandName(flags)} run --resume ${run.id}`;
  return `Run ${run.id} ${standing}; ${text}${left === 0 ? '' : rest}`;
}
