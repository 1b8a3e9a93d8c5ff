import { readEvents } from '../../journal/read-run.js';
import { isHeld } from '../../journal/run-lock.js';
import type { RunEvent } from '../../model/event.js';
import { Failure } from '../../model/failure.js';
import { fold, newRunState, type TrialStatus } from '../../model/run-state.js';
import { type AttemptStory, attemptStories } from '../../report/attempt-story.js';
import { failureText } from '../../report/failure-groups.js';
import { runStanding, shownState } from '../../report/standing.js';
import { palette } from '../../report/text/palette.js';
import { formatDate } from '../../report/text/times.js';
import { commandName } from '../command-name.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags } from '../flags.js';
import { wantsColor } from '../terminal.js';
import { chooseTrials } from './choose-trials.js';
import { runDocument } from './documents.js';
import { leftOut, whyLeftOut } from './left-out.js';
import { chooseRun, type RunChoice, type SeenRun } from './run-choice.js';
import { waitingReasons } from './waiting.js';

export interface WhyFlags extends RunChoice, Pick<DisplayFlags, 'color'> {
  readonly json?: true;
}

/** `combu why`: why a trial is where it is, and why there was each of its attempts; from the journal alone. */
export async function why(context: CliContext, word: string, flags: WhyFlags): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  // First the lock, then the journal: see runStanding.
  const held = await isHeld(run);
  const events = await readEvents(run.folder);
  const state = events.reduce(fold, newRunState());
  const seen: SeenRun = { run, state, standing: runStanding(state, held, context.host) };
  const name = await oneTrial(seen, word);
  const stories = attemptStories(events, name);
  const trial = state.trials.get(name);
  const shown = trial === undefined ? 'pending' : shownState(trial, seen.standing, state);
  const reason =
    trial === undefined
      ? `${whyLeftOut(state)}; run the rest: ${commandName(flags)} run --resume ${run.id}`
      : await whyNow(seen, trial, events, stories);
  if (flags.json) {
    context.stdout.write(`${JSON.stringify(whyDocument(seen, name, shown, reason, stories))}\n`);
    return EXIT.ok;
  }
  const paint = palette(wantsColor(flags.color, context.env, context.stdout));
  const lines = [
    `${name}: ${paint.state(shown)(shown)}`,
    `  ${reason}`,
    ...stories.map((story) => `attempt ${story.attempt}: ${story.why}; ${endText(story)}`),
  ];
  context.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

function whyDocument(
  seen: SeenRun,
  trial: string,
  state: string,
  reason: string,
  stories: readonly AttemptStory[],
) {
  return {
    schema: 'combu/why/v1',
    run: runDocument(seen),
    trial,
    state,
    why: reason,
    attempts: stories.map(({ attempt, why, changed, end }) => ({
      attempt,
      why,
      changed,
      outcome: end?.outcome ?? null,
      cause: end?.cause ?? null,
      exitCode: end?.exitCode ?? null,
      startedAt: end?.startedAt ?? null,
      finishedAt: end?.finishedAt ?? null,
    })),
  };
}

/** The trial that the word means: of the run, or of its experiment and left out of the run so far. */
async function oneTrial(seen: SeenRun, word: string): Promise<string> {
  const known = [...seen.state.trials.keys()];
  const names = chooseTrials([word], known.includes(word) ? known : [...known, ...(await leftOut(seen))]);
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  throw new Failure(`${word} means ${names.length} trials.`, { owner: 'user', fix: 'Name one of them.' });
}

/** Why the trial is in the state that it is in: one phrase. */
async function whyNow(
  seen: SeenRun,
  trial: TrialStatus,
  events: readonly RunEvent[],
  stories: readonly AttemptStory[],
): Promise<string> {
  const { state, standing, run } = seen;
  const begun = events.findLastIndex((event) => event.type === 'run.started');
  const start = events[begun];
  const listed = start?.type === 'run.started' && start.trials.some(({ name }) => name === trial.name);
  const since = events.slice(begun + 1);
  const touched = since.some((event) => 'trial' in event && event.trial === trial.name);
  const resumed = start?.type === 'run.started' && start.resumed ? start.time : undefined;
  if (resumed !== undefined && !touched && !listed) {
    return `the run was resumed at ${formatDate(resumed)} without it: --only named others, or the file has it no more`;
  }
  switch (trial.state) {
    case 'pending':
    case 'retrying':
    case 'starting': {
      const waits = (await waitingReasons(seen)).get(trial.name);
      if (waits !== undefined) return waits;
      if (standing === 'running') return `nothing more is started: ${state.stopping ?? 'the run ends'}`;
      if (standing === 'elsewhere')
        return `its run was started on ${state.host}, and only there can more be known`;
      return `nobody supervises its run: go on with combu run --resume ${run.id}`;
    }
    case 'running':
      if (standing === 'elsewhere')
        return `it ran on ${state.host} at ${formatDate(state.lastEvent)}, and only there can more be known`;
      if (standing !== 'running') return `nobody has supervised it since ${formatDate(state.lastEvent)}`;
      return `it runs since ${formatDate(trial.startedAt ?? state.lastEvent)}`;
    case 'succeeded': {
      if (resumed === undefined || touched) return 'it ended with 0';
      const success = stories.findLast(({ end }) => end?.outcome === 'succeeded')?.attempt ?? trial.attempt;
      return `it was not run again at ${formatDate(resumed)}: nothing that decides its result is other than when attempt ${success} succeeded`;
    }
    case 'skipped':
      return `it was never started: ${trial.cause}`;
    case 'stopped':
      return trial.cause;
    case 'failed':
    case 'oom':
    case 'timeout':
    case 'killed':
    case 'lost':
      return failureText(trial);
  }
}

function endText({ end }: AttemptStory): string {
  if (end === null) return 'its end is not recorded';
  if (end.outcome === 'succeeded') return 'succeeded';
  return end.cause === end.outcome ? end.outcome : `${end.outcome} (${end.cause})`;
}
