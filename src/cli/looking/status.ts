import type { Usage } from '../../model/resources.js';
import { isEnded, type RunState } from '../../model/run-state.js';
import { countStates, formatCounts } from '../../report/counts.js';
import { estimateRemaining } from '../../report/eta.js';
import { exampleNames, failureGroups, groupText } from '../../report/failure-groups.js';
import { type Forecast, forecast } from '../../report/forecast.js';
import { forecastLines } from '../../report/forecast-lines.js';
import { progressBar } from '../../report/live/bar.js';
import { runTitle } from '../../report/notable.js';
import { heldElsewhere } from '../../report/room.js';
import { skippedLines, storedLines } from '../../report/summary.js';
import { formatCount, formatCpus, plural } from '../../report/text/amounts.js';
import { type Palette, palette } from '../../report/text/palette.js';
import { between, formatAge, formatDate, formatEstimate, formatTime } from '../../report/text/times.js';
import { formatSize } from '../../util/size.js';
import { commandName } from '../command-name.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags } from '../flags.js';
import { wantsColor, wantsUnicode } from '../terminal.js';
import { measureDisk } from './disk-use.js';
import { runDocument } from './documents.js';
import { chooseRun, type RunChoice, type SeenRun, seeRun } from './run-choice.js';
import { lastServers, type Waiting, whyWaiting } from './waiting.js';

export interface StatusFlags extends RunChoice, Pick<DisplayFlags, 'color'> {
  readonly json?: true;
}

/** `combu status`: how a run stands, from its journal alone; the engine is not asked. */
export async function status(context: CliContext, flags: StatusFlags): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  const seen = await seeRun(run, context.host);
  const waiting = await whyWaiting(seen);
  const told = await forecastOf(seen);
  const now = context.clock.now();
  if (flags.json) {
    context.stdout.write(`${JSON.stringify(statusDocument(seen, waiting, told, now))}\n`);
    return EXIT.ok;
  }
  const display = {
    palette: palette(wantsColor(flags.color, context.env, context.stdout)),
    unicode: wantsUnicode(context.env),
    command: commandName(flags),
  };
  context.stdout.write(`${statusLines(seen, waiting, told, now, display).join('\n')}\n`);
  return EXIT.ok;
}

/** What the rest will take, where the run is a sample that has ended. */
async function forecastOf({ run, state }: SeenRun): Promise<Forecast | null> {
  const { sample, outcome } = state;
  if (sample === null || outcome === null) return null;
  return forecast(state, sample, await measureDisk(run.folder, sample.trials));
}

function statusDocument(seen: SeenRun, waiting: readonly Waiting[], told: Forecast | null, now: number) {
  const { state, standing } = seen;
  const counts = (kind: 'batch' | 'service') => {
    const { total, ended, states } = countStates(state, standing, kind);
    return { total, ended, states: Object.fromEntries(states) };
  };
  const left = standing === 'running' ? estimateRemaining(state, now) : undefined;
  return {
    schema: 'combu/status/v1',
    run: runDocument(seen),
    lastEvent: state.lastEvent,
    trials: counts('batch'),
    services: counts('service'),
    secondsLeft: left === undefined ? null : left / 1000,
    stopping: state.stopping,
    haltedBy: state.haltedBy,
    engineLost: state.engineLost,
    jobs: state.jobs,
    capacity: state.capacity,
    used: usage(state),
    elsewhere: state.elsewhere,
    failures: failureGroups(state).map(({ signature, trials }) => ({
      signature,
      count: trials.length,
      trials: trials.map((trial) => trial.name),
    })),
    waiting: waiting.map(({ why, trials }) => ({ why, count: trials.length, trials })),
    warnings: state.warnings,
    forecast: told,
    results: state.results,
  };
}

const BAR = 50;

/** What people see. */
function statusLines(
  seen: SeenRun,
  waiting: readonly Waiting[],
  told: Forecast | null,
  now: number,
  display: { readonly palette: Palette; readonly unicode: boolean; readonly command: string },
): string[] {
  const { state, standing } = seen;
  const { palette: paint } = display;
  if (state.startedAt === '') return [`run ${seen.run.id} ${notBegun(standing)}`];
  const batch = countStates(state, standing, 'batch');
  const services = countStates(state, standing, 'service');
  const lines = [runTitle(state), standingLine(seen, now, paint)];
  const tags = Object.entries(state.tags).map(([key, value]) => `${key}=${value}`);
  if (tags.length > 0) lines.push(paint.dim(`tags: ${tags.join(', ')}`));
  if (batch.total > 0) {
    const bar = progressBar(batch, BAR, paint, display.unicode);
    lines.push(`${bar} ${formatCount(batch.ended)} of ${formatCount(batch.total)}`);
    lines.push(`trials:   ${formatCounts(batch, paint.state)}`);
  }
  if (services.total > 0) lines.push(`services: ${formatCounts(services, paint.state)}`);
  if (standing === 'running') lines.push(...capacityLines(state));
  lines.push(...storedLines(state.results, paint));
  if (told !== null && state.sample !== null) {
    lines.push('', ...forecastLines(state, state.sample, told));
    if (told.left > 0) lines.push(`the rest is left: ${display.command} run --resume ${seen.run.id}`);
  }
  if (standing === 'interrupted') lines.push(...interruptedLines(seen, display.command));
  if (standing === 'elsewhere') lines.push(takeOverLine(seen, display.command));

  const section = (title: string, body: readonly string[]) => {
    if (body.length > 0) lines.push('', title, ...body.map((line) => `  ${line}`));
  };
  const groups = failureGroups(state);
  section(
    paint.bad('failures:'),
    groups.flatMap((group) => [groupText(group), ...examples(group.trials.map((trial) => trial.name))]),
  );
  section('skipped:', skippedLines(state));
  section(
    'waiting:',
    waiting.flatMap(({ why, trials }) =>
      trials.length === 1
        ? [`${trials[0]!}: ${why}`]
        : [`${plural(trials.length, 'trial')}: each ${why}`, ...examples(trials)],
    ),
  );
  if (standing === 'running') section('note:', serverLines(state, display.command));
  section(paint.warn('warnings:'), state.warnings);
  return lines;
}

/** A run has its folder and its lock before its journal has a line: what the last run left is cleared away first. */
function notBegun(standing: SeenRun['standing']): string {
  return standing === 'running' ? 'is being prepared' : 'was interrupted before anything started';
}

function examples(names: readonly string[]): string[] {
  return names.length > 1 ? [`    ${exampleNames(names)}`] : [];
}

function standingLine({ state, standing }: SeenRun, now: number, paint: Palette): string {
  const took = formatAge(between(state.startedAt, state.endedAt ?? now) ?? 0);
  const word = paint.standing(standing)(standing);
  switch (standing) {
    case 'running': {
      const left = state.stopping === null ? estimateRemaining(state, now) : undefined;
      const estimate = left === undefined || left === 0 ? '' : `, ${formatEstimate(left)} left`;
      const why = state.haltedBy === null ? '' : `, for ${state.haltedBy}`;
      const stopping = state.stopping === null ? '' : `, stopping: ${state.stopping}${why}`;
      return `${word} for ${took}${stopping}${estimate}`;
    }
    case 'interrupted':
      if (state.endedAt === null)
        return `${word}: nobody supervises it; its last event is of ${formatDate(state.lastEvent)}`;
      return `${word} after ${took}`;
    case 'elsewhere':
      return `started on ${paint.standing(standing)(state.host)}: how it stands can't be known from here; its last event is of ${formatDate(state.lastEvent)}`;
    case 'halted':
      return `${word} after ${took}${state.haltedBy === null ? '' : `: ${state.haltedBy}`}`;
    case 'succeeded':
    case 'failed':
    case 'killed':
      return `${word} after ${took}`;
  }
}

function serverLines(state: RunState, command: string): string[] {
  const servers = lastServers(state);
  if (servers.length === 0) return [];
  return [
    `Nothing is left but ${exampleNames(servers)}, which others depended on. A batch trial runs to its own end.`,
    `If it serves others and never ends, write service: true in its trial; end this run with ${command} kill.`,
  ];
}

/** What attempts hold now: requests added up. */
function usage(state: RunState): Usage {
  let cpus = 0;
  let memory = 0;
  const gpus: string[] = [];
  for (const trial of state.trials.values()) {
    if (trial.state !== 'starting' && trial.state !== 'running') continue;
    cpus += trial.request.cpus;
    memory += trial.request.memory;
    gpus.push(...trial.devices);
  }
  return { cpus, memory, gpus };
}

function capacityLines(state: RunState): string[] {
  const { capacity } = state;
  if (capacity === null) return [];
  const used = usage(state);
  const parts = [
    `${formatCpus(used.cpus)} of ${formatCpus(capacity.cpus)} cpus`,
    `${formatSize(used.memory)} of ${formatSize(capacity.memory)} of memory`,
    ...(capacity.gpus.length > 0 ? [`${used.gpus.length} of ${capacity.gpus.length} GPUs`] : []),
    ...(state.jobs === null ? [] : [`at most ${plural(state.jobs, 'trial')} at once`]),
  ];
  const lines = [`reserved: ${parts.join(', ')}`];
  const others = heldElsewhere(state);
  if (others !== undefined) lines.push(`          ${others}`);
  if (state.engineLost !== null)
    lines.push(`the engine does not answer: ${state.engineLost}; combu waits for it`);
  if (state.pulling.size > 0) lines.push(`pulling ${[...state.pulling].join(', ')}`);
  if (state.reservedFor !== null) lines.push(`what becomes free is kept for ${state.reservedFor}`);
  return lines;
}

function interruptedLines({ run, state }: SeenRun, command: string): string[] {
  const unknown = [...state.trials.values()].filter(
    (trial) => !isEnded(trial.state) && trial.container !== null,
  );
  const lines =
    unknown.length === 0
      ? []
      : [
          `${plural(unknown.length, 'trial')} may still run on the engine: unknown since ${formatTime(state.lastEvent)}`,
        ];
  return [
    ...lines,
    `go on with it: ${command} run --resume ${run.id}; end it: ${command} kill --run ${run.id}`,
  ];
}

function takeOverLine({ run, state }: SeenRun, command: string): string {
  return `look on ${state.host}; if nothing supervises it there any more, go on with it here: ${command} run --resume ${run.id} --take-over`;
}
