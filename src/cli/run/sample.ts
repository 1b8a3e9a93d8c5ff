import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { readRunState } from '../../journal/read-run.js';
import { resolveRun } from '../../journal/state-folder.js';
import type { RunState } from '../../model/run-state.js';
import type { Sample } from '../../model/sample.js';
import { type Forecast, forecast } from '../../report/forecast.js';
import { forecastLines } from '../../report/forecast-lines.js';
import { plural } from '../../report/text/amounts.js';
import type { SocketLock } from '../../util/socket-lock.js';
import { ask } from '../ask.js';
import { commandName } from '../command-name.js';
import type { CliContext, ExitCode } from '../context.js';
import { measureDisk } from '../looking/disk-use.js';
import { isTerminal } from '../terminal.js';
import type { RunFlags } from './flags.js';
import type { Prepared } from './prepare.js';
import { holdSequel } from './sequel.js';

type RunOnce = (
  context: CliContext,
  flags: RunFlags,
  begins?: (prepared: Prepared) => Promise<void>,
) => Promise<{ readonly code: ExitCode; readonly prepared?: Prepared }>;

/** `run --sample`: a few trials, then what the rest will take; and the rest, where somebody says so. */
export async function runSampleFirst(
  context: CliContext,
  flags: RunFlags,
  runOnce: RunOnce,
): Promise<ExitCode> {
  const began = context.clock.now();
  const again = await rereadable(context, flags);
  const held: SocketLock[] = [];
  try {
    const { code, prepared } = await runOnce(again(), flags, async ({ plan }) => {
      const sequel = flags.yes === true ? await holdSequel(plan.run) : undefined;
      if (sequel !== undefined) held.push(sequel);
    });
    const id = prepared === undefined ? undefined : await runToGoOnWith(context, flags, prepared);
    if (id === undefined) return code;
    const { sample: _sample, new: _new, detach: _detach, uuid: _uuid, deadline, ...others } = flags;
    const left =
      deadline === undefined ? {} : { deadline: Math.max(0, began + deadline - context.clock.now()) };
    // A supervisor in the background has told that it began.
    const rest = await runOnce({ ...again(), background: undefined }, { ...others, ...left, resume: id });
    return rest.code;
  } finally {
    for (const sequel of held) await sequel.release();
  }
}

/** Tells what the rest will take; its id, where the rest is to follow now. */
async function runToGoOnWith(
  context: CliContext,
  flags: RunFlags,
  { sample, stateDir, plan, experimentId }: Prepared,
): Promise<string | undefined> {
  if (sample === undefined) return undefined;
  const found = await resolveRun(stateDir, plan.run, experimentId);
  if (!found.ok) return undefined;
  const { id, folder } = found.value;
  const state = await readRunState(folder);
  // Whoever stopped it, or `halt`, wants no more of it.
  if (state.outcome !== 'succeeded' && state.outcome !== 'failed') return undefined;
  const told = forecast(state, sample, await measureDisk(folder, sample.trials));
  tell(context, flags, state, sample, told);
  if (told.left === 0) return undefined;
  if (await goesOn(context, flags, told)) return id;
  context.stderr.write(`The rest is left: ${commandName(flags)} run --resume ${id}\n`);
  return undefined;
}

/** Each of the two reads the experiment; what comes from standard input does so once. */
async function rereadable(context: CliContext, flags: RunFlags): Promise<() => CliContext> {
  if (flags.file !== '-') return () => context;
  const text = await textOf(context.stdin);
  return () => ({ ...context, stdin: Readable.from([text]) });
}

function tell(context: CliContext, flags: RunFlags, state: RunState, sample: Sample, told: Forecast): void {
  if (flags.json === true) {
    context.stdout.write(`${JSON.stringify({ schema: 'combu/forecast/v1', run: state.run, ...told })}\n`);
  }
  context.stderr.write(`\n${forecastLines(state, sample, told).join('\n')}\n`);
}

async function goesOn(context: CliContext, flags: RunFlags, told: Forecast): Promise<boolean> {
  if (told.succeeded === 0) {
    context.stderr.write('None of the sample succeeded, so nothing more is started.\n');
    return false;
  }
  if (flags.yes === true) return true;
  if (!isTerminal(context)) return false;
  const usual = told.succeeded === told.sampled ? 'y' : 'n';
  const question = `Go on with the ${plural(told.left, 'trial')} left (y), or leave them for later (n)?`;
  return (await ask(context, question, { y: true, n: false }, usual)) === true;
}
