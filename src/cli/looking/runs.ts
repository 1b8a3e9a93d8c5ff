import { listRuns } from '../../journal/state-folder.js';
import { leftForLater } from '../../model/sample.js';
import { countStates, formatCounts } from '../../report/counts.js';
import { formatCount, plural } from '../../report/text/amounts.js';
import { type Palette, palette } from '../../report/text/palette.js';
import { renderTable } from '../../report/text/table.js';
import { between, formatAge, formatDate } from '../../report/text/times.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags, ExperimentFlags } from '../flags.js';
import { stateFolder } from '../state.js';
import { tableWidth, wantsColor } from '../terminal.js';
import { runDocument } from './documents.js';
import { type SeenRun, seeRun } from './run-choice.js';

export interface RunsFlags extends ExperimentFlags, Pick<DisplayFlags, 'color'> {
  readonly json?: true;
  /** How many, the latest. */
  readonly last: number;
}

/** `combu runs`: all runs of the state folder, whatever experiment file in it they are of; the latest last. */
export async function runs(context: CliContext, flags: RunsFlags): Promise<ExitCode> {
  const stateDir = await stateFolder(context, flags);
  const all = await listRuns(stateDir);
  const seen: SeenRun[] = [];
  // One after the other: a journal of 10,000 trials takes tens of megabytes while it is read.
  for (const run of all.slice(-flags.last)) seen.push(await seeRun(run, context.host));
  const now = context.clock.now();
  if (flags.json) {
    const document = { schema: 'combu/runs/v1', runs: seen.map((run) => rowDocument(run)) };
    context.stdout.write(`${JSON.stringify(document)}\n`);
    return EXIT.ok;
  }
  if (seen.length === 0) {
    context.stderr.write(`There is no run yet in ${stateDir}.\n`);
    return EXIT.ok;
  }
  const paint = palette(wantsColor(flags.color, context.env, context.stdout));
  const lines = runsLines(seen, now, { width: tableWidth(context.stdout), palette: paint });
  context.stdout.write(`${lines.join('\n')}\n`);
  const older = all.length - seen.length;
  if (older > 0) context.stderr.write(`${plural(older, 'older run')}: combu runs --last ${all.length}\n`);
  return EXIT.ok;
}

function rowDocument(seen: SeenRun) {
  const counts = countStates(seen.state, seen.standing, 'batch');
  return {
    ...runDocument(seen),
    trials: {
      total: counts.total,
      left: leftForLater(seen.state.sample),
      states: Object.fromEntries(counts.states),
    },
  };
}

const COLUMNS = [
  { title: 'RUN' },
  { title: 'STARTED' },
  { title: 'NAME' },
  { title: 'STATE' },
  { title: 'TOOK', align: 'right' },
  { title: 'TRIALS', flexible: true },
  { title: 'COMMENT', flexible: true },
  { title: 'TAGS' },
] as const;

/** The table that people see. */
function runsLines(
  seen: readonly SeenRun[],
  now: number,
  display: { readonly width: number | undefined; readonly palette: Palette },
): string[] {
  const rows = seen.map(({ run, state, standing }) => {
    const end = state.endedAt ?? (standing === 'running' ? now : state.lastEvent);
    const took = between(state.startedAt, end);
    const counts = countStates(state, standing, 'batch');
    const tags = Object.entries(state.tags).map(([key, value]) => `${key}=${value}`);
    const left = leftForLater(state.sample);
    const trials =
      counts.states.size === 1
        ? formatCounts(counts)
        : `${formatCount(counts.total)}: ${formatCounts(counts)}`;
    return [
      run.id,
      formatDate(state.startedAt || run.startedAt),
      state.name,
      {
        text: standing === 'elsewhere' ? `on ${state.host}?` : standing,
        paint: display.palette.standing(standing),
      },
      took === undefined ? '' : formatAge(took),
      left === 0 ? trials : `${trials}; a sample, ${formatCount(left)} left`,
      state.comment ?? '',
      tags.join(', '),
    ];
  });
  return renderTable(COLUMNS, rows, { width: display.width, paintTitle: display.palette.dim });
}
