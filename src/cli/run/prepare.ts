import { randomBytes } from 'node:crypto';
import type { Backend } from '../../backend/backend.js';
import type { Resuming } from '../../exec/execute.js';
import { experimentId } from '../../journal/identity.js';
import type { Setting } from '../../model/assignment.js';
import type { Refusal } from '../../model/problem.js';
import { newRunId } from '../../model/run-id.js';
import type { Sample } from '../../model/sample.js';
import type { Trial } from '../../model/trial.js';
import type { Plan } from '../../plan/plan.js';
import { samplePlan } from '../../plan/sample.js';
import type { ReadExperiment } from '../../spec/parse.js';
import type { ObjectStore } from '../../store/object-store.js';
import type { SocketLock } from '../../util/socket-lock.js';
import { callerOf } from '../caller.js';
import type { CliContext, ExitCode } from '../context.js';
import { describeRefusal, EXIT } from '../errors.js';
import { readSource, readWithId, tellProblems } from '../experiment.js';
import { refuseOtherHost } from '../other-host.js';
import { stateFolder } from '../state.js';
import { type ChosenStore, chooseStore, directEnvironment, type OpenStore, whyOutOfReach } from '../store.js';
import { isTerminal } from '../terminal.js';
import { askAboutInterrupted, type KnownRun, knownRuns, runToResume } from './choose-run.js';
import { chooseWork, recordable } from './choose-work.js';
import { type RunFlags, wantsResume } from './flags.js';
import { type Decision, decide } from './last-run.js';
import { findMoved, settleImages } from './moved-images.js';
import { chosenTrials, planRun, refuseGpus } from './plan-run.js';
import { tellSettings } from './settings.js';

/** What is opened on the way; whoever called closes it, whatever comes of the rest. */
export interface Opening {
  backend(): Promise<Backend>;
  /** Waits until no other command is between its look at this experiment's runs and its own run's beginning. */
  turn(experiment: string): Promise<SocketLock>;
  store(chosen: ChosenStore): Promise<ObjectStore>;
}

/** All that is settled before anything is made: the file is in order, the machine allows it, the last run is dealt with. */
export interface Prepared {
  readonly backend: Backend;
  /** To be released when the run has begun: others of this experiment wait for it. */
  readonly turn: SocketLock;
  readonly file: string;
  readonly stateDir: string;
  readonly experimentId: string;
  readonly read: ReadExperiment;
  readonly plan: Plan;
  /** The plan has but a few of the trials. */
  readonly sample: Sample | undefined;
  /** The run that is continued. */
  readonly resumed: KnownRun | undefined;
  /** How it is continued; undefined = it is a new one. */
  readonly resuming: Resuming | undefined;
  /** What is set over the file, to be recorded for the next time. */
  readonly settings: readonly Setting[];
  /** Runs of this experiment whose containers and networks go first. */
  readonly clear: readonly KnownRun[];
  /** Where results go besides the run's folder. */
  readonly store: OpenStore | undefined;
  /** What batch trials get that speak to the store themselves; undefined = they don't. */
  readonly storeEnv: Readonly<Record<string, string>> | undefined;
}

/** Everything that comes before the first change; says what is wrong, and then gives the exit code instead. */
export async function prepare(
  context: CliContext,
  flags: RunFlags,
  open: Opening,
): Promise<Prepared | ExitCode> {
  const stateDir = await stateFolder(context, flags);
  const source = await readSource(context, flags);
  const { file } = source;
  const here = await experimentId(file, context.host, callerOf(context).uid);
  const turn = await open.turn(here);
  const resume = wantsResume(flags);
  // What comes from standard input has no last run: nothing says that it is the same experiment.
  const runs = file === '-' && resume === undefined ? [] : await knownRuns(stateDir, here);
  const known = { stateDir, file, experiment: here, runs };
  const named = resume === undefined ? undefined : await runToResume(context, resume, known);
  // A run that is taken over from another host stays the same run.
  const experiment = named?.first?.experiment ?? here;
  const last = named ?? runs.at(-1);

  // Faults of the file come first, so it is read before anything is asked or refused.
  const newId = flags.uuid ?? newRunId(randomBytes);
  let read = await readWithId(context, source, named?.id ?? newId, flags);
  if (!read.ok) {
    tellProblems(context, read.error);
    return EXIT.usage;
  }

  const { results } = read.value.experiment;
  const store = chooseStore(context, flags.store, results);
  const direct = store !== undefined && results?.direct === true;
  const storeEnv = direct ? directEnvironment(store, results.inside) : undefined;

  if (last?.standing === 'interrupted') await refuseOtherHost(context, last, flags);
  const decision = await settle(context, flags, last);
  if (typeof decision === 'number') return decision;
  const resumed = decision.kind === 'resume' ? last : undefined;
  if (resumed !== undefined && resumed !== named) {
    read = await readWithId(context, source, resumed.id, flags);
    if (!read.ok) {
      tellProblems(context, read.error);
      return EXIT.usage;
    }
  }

  const work = await chooseWork(context, source, read.value, flags, resumed);
  if (!work.ok) {
    tellProblems(context, work.error);
    return EXIT.usage;
  }
  const { read: chosen, previous, rerun, only, spared, settings } = work.value;
  tellSettings(context, flags, previous);
  const backend = await open.backend();
  const moved =
    previous === undefined ? [] : await findMoved(backend, chosenTrials(chosen.experiment, only), previous);
  const image = await settleImages(context, moved, flags.image);
  if ('message' in image) {
    tellRefusals(context, [image]);
    return EXIT.refused;
  }
  const clear = runs.filter(
    (run) =>
      run !== resumed &&
      (run.standing === 'ended' ||
        (run === last && decision.kind === 'new' && decision.clear === 'everything')),
  );
  const plan = await planRun(backend, chosen, flags, {
    experiment,
    owner: String(callerOf(context).uid),
    run: resumed?.id ?? newId,
    runs,
    resumed,
    clear,
    previous,
    only,
    moved: new Set(moved.map(({ reference }) => reference)),
    image: image.choice,
  });
  const opened = store === undefined ? undefined : { chosen: store, store: await open.store(store) };
  const noStore = opened === undefined ? [] : await refuseStore(context, opened.store);
  const found = [...plan.refusals, ...noStore];
  const refusals = found.length > 0 ? found : await refuseGpus(backend, plan);
  if (refusals.length > 0) {
    tellRefusals(context, refusals, chosen.experiment.trials);
    return EXIT.refused;
  }
  return {
    backend,
    turn,
    file,
    stateDir,
    experimentId: experiment,
    read: chosen,
    sample: undefined,
    plan,
    // What refuses any trial is told before the first of them.
    ...(flags.sample === undefined ? {} : samplePlan(plan, flags.sample)),
    resumed,
    resuming: resumed === undefined ? undefined : { rerun, spared, image: image.choice },
    settings: recordable(settings),
    clear,
    store: opened,
    storeEnv,
  };
}

/** A store that does not answer would keep the run's results waiting; whoever knows better says `--store none`. */
async function refuseStore(context: CliContext, store: ObjectStore): Promise<Refusal[]> {
  const message = await whyOutOfReach(context, store);
  if (message === undefined) return [];
  const fix = 'mend that, or keep the results in the run’s folder alone: --store none';
  return [{ code: 'store', trial: undefined, message, fix }];
}

/** What happens to the last run; asks where the user has to say. */
async function settle(
  context: CliContext,
  flags: RunFlags,
  last: KnownRun | undefined,
): Promise<Exclude<Decision, { kind: 'ask' | 'refuse' }> | ExitCode> {
  if (last === undefined) return { kind: 'new', clear: 'nothing' };
  // A sample is the beginning of a new run: to go on with another one has to be said.
  const beginning = flags.sample !== undefined;
  const decision = decide(last.id, last.standing, {
    resume: wantsResume(flags) !== undefined,
    anew: flags.new === true,
    yes: flags.yes === true && !beginning,
    terminal: isTerminal(context) && !beginning,
  });
  const settled = decision.kind === 'ask' ? await askAboutInterrupted(context, last.id) : decision;
  if (settled === undefined) return EXIT.refused;
  if (settled.kind === 'refuse') {
    tellRefusals(context, [{ code: 'run', trial: undefined, message: settled.message, fix: settled.fix }]);
    return EXIT.refused;
  }
  return settled.kind === 'ask' ? EXIT.refused : settled;
}

/** Every reason in one list, with the place of the trial that it is about. */
export function tellRefusals(
  context: CliContext,
  refusals: readonly Refusal[],
  trials: readonly Pick<Trial, 'name' | 'place'>[] = [],
): void {
  const places = new Map(trials.map(({ name, place }) => [name, place]));
  context.stderr.write('Nothing was started:\n');
  for (const refusal of refusals) {
    const place = refusal.trial === undefined ? undefined : places.get(refusal.trial);
    context.stderr.write(`  ${describeRefusal(refusal, place)}\n`);
  }
}
