import type { TrialStatus } from '../../model/run-state.js';
import { failureText } from '../../report/failure-groups.js';
import { portsText } from '../../report/notable.js';
import { retryNote, type ShownState, shownState } from '../../report/standing.js';
import { type Palette, palette } from '../../report/text/palette.js';
import { type Cell, renderTable } from '../../report/text/table.js';
import { formatAge, formatTime } from '../../report/text/times.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags } from '../flags.js';
import { tableWidth, wantsColor } from '../terminal.js';
import { chooseRunTrials } from './choose-trials.js';
import { latestEnd, runDocument, trialAge, trialDocument } from './documents.js';
import { chooseRun, type RunChoice, type SeenRun, seeRun } from './run-choice.js';

export interface PsFlags extends RunChoice, Pick<DisplayFlags, 'color'> {
  readonly json?: true;
  /** Only trials in one of these states. */
  readonly only?: readonly string[];
}

/** `combu ps`: the trials of a run, one a line. */
export async function ps(context: CliContext, words: readonly string[], flags: PsFlags): Promise<ExitCode> {
  const seen = await seeRun(await chooseRun(context, flags), context.host);
  const names = new Set(await chooseRunTrials(words, seen));
  const trials = [...seen.state.trials.values()].filter(
    (trial) =>
      names.has(trial.name) &&
      (flags.only === undefined || flags.only.includes(shownState(trial, seen.standing, seen.state))),
  );
  const now = context.clock.now();
  if (flags.json) {
    const document = {
      schema: 'combu/ps/v1',
      run: runDocument(seen),
      trials: trials.map((trial) => trialDocument(trial, seen, now)),
    };
    context.stdout.write(`${JSON.stringify(document)}\n`);
    return EXIT.ok;
  }
  const paint = palette(wantsColor(flags.color, context.env, context.stdout));
  const lines = psLines(seen, trials, now, { width: tableWidth(context.stdout), palette: paint });
  context.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

const COLUMNS = [
  { title: 'TRIAL' },
  { title: 'KIND' },
  { title: 'STATE' },
  { title: 'ATTEMPT', align: 'right' },
  { title: 'AGE', align: 'right' },
  { title: 'EXIT', align: 'right' },
  { title: 'PORTS' },
  { title: 'CAUSE', flexible: true },
] as const;

/** The table that people see; AGE is how long a trial runs, or ran. */
function psLines(
  seen: SeenRun,
  trials: readonly TrialStatus[],
  now: number,
  display: { readonly width: number | undefined; readonly palette: Palette },
): string[] {
  const rows = trials.map((trial): (Cell | string)[] => {
    const shown = shownState(trial, seen.standing, seen.state);
    const age = trialAge(trial, shown, now);
    const end = latestEnd(trial);
    const state = shown === 'running' && trial.healthy ? 'running, healthy' : shown;
    const since = shown === 'unknown' ? `unknown since ${formatTime(seen.state.lastEvent)}` : state;
    return [
      trial.name,
      trial.kind === 'service' ? 'service' : '',
      { text: since, paint: display.palette.state(shown) },
      trial.attempt > 0 ? String(trial.attempt) : '',
      age === undefined ? '' : formatAge(age),
      end?.exitCode === undefined || end.exitCode === null ? '' : String(end.exitCode),
      shown === 'running' ? portsText(trial.ports) : '',
      causeText(trial, shown, now),
    ];
  });
  return renderTable(COLUMNS, rows, { width: display.width, paintTitle: display.palette.dim });
}

function causeText(trial: TrialStatus, shown: ShownState, now: number): string {
  const end = latestEnd(trial);
  if (shown === 'succeeded') return end?.note ?? '';
  if (end === undefined) return trial.cause;
  return [retryNote(trial, now), failureText(trial)].filter((part) => part !== undefined).join(': ');
}
