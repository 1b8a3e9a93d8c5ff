import type { RunOutcome } from '../model/event.js';
import type { RunState, StoredResults, TrialStatus } from '../model/run-state.js';
import { formatSize } from '../util/size.js';
import { countStates, formatCounts } from './counts.js';
import { exampleNames, failureGroups, groupText } from './failure-groups.js';
import { plural } from './text/amounts.js';
import type { Palette } from './text/palette.js';
import { between, formatAge } from './text/times.js';

/** What a report needs to know of its surroundings. */
export interface Surroundings {
  /** The run's folder as people would type it. */
  readonly folder: string;
  /** How combu is called for this experiment: `combu`, or `combu -f other.jsonnet`. */
  readonly command: string;
  readonly palette: Palette;
}

/** More groups than this are told by `status`. */
const MOST_GROUPS = 10;

/**
 * What is said once at a run's end: how it ended and after what time, counts, failures by group with examples and the
 * command that shows a log, what was kept, where everything lies, what to do next. Lines without line ends.
 */
export function summaryLines(state: RunState, standing: RunOutcome, now: number, at: Surroundings): string[] {
  const { palette, command } = at;
  const took = between(state.startedAt, state.endedAt ?? now) ?? 0;
  const groups = failureGroups(state);
  const lines = [
    `${palette.bold(`run ${state.run}`)} of ${state.name} ${palette.standing(standing)(standingPhrase(standing))} after ${formatAge(took)}`,
  ];
  for (const kind of ['batch', 'service'] as const) {
    const counts = countStates(state, standing, kind);
    if (counts.total === 0) continue;
    const what = kind === 'batch' ? plural(counts.total, 'trial') : plural(counts.total, 'service');
    lines.push(`  ${what}: ${formatCounts(counts, palette.state)}`);
  }
  if (standing === 'halted' && state.haltedBy !== null)
    lines.push(`  halted by \`halt\`, for ${state.haltedBy}: what ran has ended, nothing more was started`);

  if (groups.length > 0) lines.push('');
  for (const group of groups.slice(0, MOST_GROUPS)) {
    lines.push(palette.bad(groupText(group)));
    if (group.trials.length > 1) lines.push(`    ${exampleNames(group.trials.map((trial) => trial.name))}`);
  }
  if (groups.length > MOST_GROUPS)
    lines.push(`${plural(groups.length - MOST_GROUPS, 'further kind')} of failure: see ${command} status`);
  lines.push(...skippedLines(state), ...noteLines(state));

  lines.push('');
  const kept = [...state.trials.values()].filter((trial) => trial.kept).map((trial) => trial.name);
  if (kept.length > 0)
    lines.push(`${plural(kept.length, 'container')} kept for a look: ${exampleNames(kept)}`);
  lines.push(`logs and results: ${at.folder}`, ...storedLines(state.results, palette));
  lines.push(...nextSteps(state, standing, groups[0]?.trials[0], kept.length > 0, command));
  return lines;
}

function standingPhrase(standing: RunOutcome): string {
  switch (standing) {
    case 'succeeded':
    case 'failed':
      return standing;
    case 'halted':
    case 'killed':
    case 'interrupted':
      return `was ${standing}`;
  }
}

/** Where results are durably stored, and how many are not. */
export function storedLines(results: StoredResults | null, palette: Palette): string[] {
  if (results === null) return [];
  const { stored, bytes, address, waiting, trouble } = results;
  const lines = [`stored: ${plural(stored, 'object')}, ${formatSize(bytes)}, in ${address}`];
  if (!isUnstored(results)) return lines;
  const what = waiting === 0 ? 'not everything is stored yet' : `${plural(waiting, 'result')} not stored yet`;
  return [...lines, palette.warn(trouble === null ? what : `${what}: ${trouble}`)];
}

/** Whether something is to be stored still: results, or what tells of them. */
function isUnstored(results: StoredResults | null): boolean {
  return results !== null && (results.waiting > 0 || results.trouble !== null);
}

/** Skipped trials by cause, the most frequent first: `10 trials skipped: dependency a: failed`. */
export function skippedLines(state: RunState): string[] {
  return grouped(state, (trial) => (trial.state === 'skipped' ? trial.cause : '')).map(
    ([cause, trials]) => `${plural(trials.length, 'trial')} skipped: ${cause}`,
  );
}

/** What was remarkable about ends that count as they are, such as a child out of memory beside a success. */
function noteLines(state: RunState): string[] {
  return grouped(state, (trial) => trial.end?.note ?? '').map(
    ([note, trials]) => `note: ${note} (${exampleNames(trials.map((trial) => trial.name))})`,
  );
}

function grouped(state: RunState, keyOf: (trial: TrialStatus) => string): [string, TrialStatus[]][] {
  const found = new Map<string, TrialStatus[]>();
  for (const trial of state.trials.values()) {
    const key = keyOf(trial);
    if (key === '') continue;
    const trials = found.get(key);
    if (trials === undefined) found.set(key, [trial]);
    else trials.push(trial);
  }
  return [...found].sort(([, a], [, b]) => b.length - a.length);
}

function nextSteps(
  state: RunState,
  standing: RunOutcome,
  failed: TrialStatus | undefined,
  kept: boolean,
  command: string,
): string[] {
  const steps: [string, string][] = [];
  if (failed !== undefined) steps.push(['see a log', `${command} logs ${failed.name}`]);
  switch (standing) {
    case 'succeeded':
      steps.push(['results as a table', `${command} results table`]);
      break;
    case 'failed':
      steps.push(['try what failed again', `${command} run --resume ${state.run}`]);
      break;
    case 'halted':
      steps.push(['go on with it', `${command} run --resume ${state.run}`]);
      steps.push(['and whatever fails', `${command} run --resume ${state.run} --halt never`]);
      break;
    case 'killed':
    case 'interrupted':
      steps.push(['go on with it', `${command} run --resume ${state.run}`]);
      break;
  }
  if (isUnstored(state.results)) steps.push(['store the results', `${command} push --run ${state.run}`]);
  if (kept) steps.push(['remove what was kept', `${command} kill --run ${state.run}`]);
  const widest = Math.max(...steps.map(([what]) => what.length));
  return steps.map(([what, how]) => `${`${what}:`.padEnd(widest + 1)} ${how}`);
}
