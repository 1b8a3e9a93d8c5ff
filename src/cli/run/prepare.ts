import { randomBytes } from 'node:crypto';
import type { Backend } from '../../backend/backend.js';
import { experimentId } from '../../journal/identity.js';
import type { Refusal } from '../../model/problem.js';
import { newRunId } from '../../model/run-id.js';
import { makePlan } from '../../plan/make-plan.js';
import type { Observed, Plan, PlanOptions } from '../../plan/plan.js';
import type { ReadExperiment } from '../../spec/parse.js';
import { callerOf } from '../caller.js';
import type { CliContext, ExitCode } from '../context.js';
import { describeRefusal, EXIT } from '../errors.js';
import { readSource, readWithId, tellProblems } from '../experiment.js';
import { observe } from '../observe.js';
import { stateFolder } from '../state.js';
import { askAboutInterrupted, type KnownRun, knownRuns, runToResume } from './choose-run.js';
import { type PlanFlags, type RunFlags, reserved } from './flags.js';
import { type Decision, decide } from './last-run.js';
import { sharedWith } from './side-by-side.js';

/** Memory kept free for others unless `--reserve-memory` says otherwise. */
const DEFAULT_RESERVE_MEMORY = { percent: 10 };

/** All that is settled before anything is made: the file is in order, the machine allows it, the last run is dealt with. */
export interface Prepared {
  readonly backend: Backend;
  readonly file: string;
  readonly stateDir: string;
  readonly experimentId: string;
  readonly read: ReadExperiment;
  readonly plan: Plan;
  /** The run that is continued. */
  readonly resumed: KnownRun | undefined;
  /** Runs of this experiment whose containers and networks go first. */
  readonly clear: readonly KnownRun[];
}

/** Everything that comes before the first change; says what is wrong, and then gives the exit code instead. */
export async function prepare(
  context: CliContext,
  flags: RunFlags,
  open: () => Promise<Backend>,
): Promise<Prepared | ExitCode> {
  const stateDir = await stateFolder(context, flags);
  const source = await readSource(context, flags);
  const experiment = await experimentId(source.file, context.host, callerOf(context).uid);
  // What comes from standard input has no last run: nothing says that it is the same experiment.
  const runs = source.file === '-' && flags.resume === undefined ? [] : await knownRuns(stateDir, experiment);
  const named =
    flags.resume === undefined ? undefined : await runToResume(stateDir, experiment, flags.resume, runs);
  const last = named ?? runs.at(-1);

  // Faults of the file come first, so it is read before anything is asked or refused.
  const newId = flags.uuid ?? newRunId(randomBytes);
  let read = await readWithId(context, source, named?.id ?? newId, flags);
  if (!read.ok) {
    tellProblems(context, read.error);
    return EXIT.usage;
  }

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

  const backend = await open();
  const tagged = withTags(read.value, flags.tag);
  const clear = runs.filter(
    (run) =>
      run !== resumed &&
      (run.standing === 'ended' ||
        (run === last && decision.kind === 'new' && decision.clear === 'everything')),
  );
  const known = { runs, resumed, clear };
  const plan = await planRun(backend, tagged, flags, { experiment, run: resumed?.id ?? newId, ...known });
  const { refusals } = plan;
  if (refusals.length > 0) {
    tellRefusals(context, refusals);
    return EXIT.refused;
  }
  return {
    backend,
    file: source.file,
    stateDir,
    experimentId: experiment,
    read: tagged,
    plan,
    resumed,
    clear,
  };
}

/** What happens to the last run; asks where the user has to say. */
async function settle(
  context: CliContext,
  flags: RunFlags,
  last: KnownRun | undefined,
): Promise<Exclude<Decision, { kind: 'ask' | 'refuse' }> | ExitCode> {
  if (last === undefined) return { kind: 'new', clear: 'nothing' };
  const decision = decide(last.id, last.standing, {
    resume: flags.resume !== undefined,
    anew: flags.new === true,
    yes: flags.yes === true,
    terminal: context.stdin.isTTY === true && context.stderr.isTTY === true,
  });
  const settled = decision.kind === 'ask' ? await askAboutInterrupted(context, last.id) : decision;
  if (settled === undefined) return EXIT.refused;
  if (settled.kind === 'refuse') {
    tellRefusals(context, [{ code: 'run', trial: undefined, message: settled.message, fix: settled.fix }]);
    return EXIT.refused;
  }
  return settled.kind === 'ask' ? EXIT.refused : settled;
}

/** Observes and plans; the refusals of the plan are all there are. For `run` and `plan`. */
export async function planRun(
  backend: Backend,
  read: ReadExperiment,
  flags: PlanFlags,
  about: {
    readonly experiment: string;
    readonly run: string;
    readonly runs: readonly KnownRun[];
    readonly resumed: KnownRun | undefined;
    readonly clear: readonly KnownRun[];
  },
): Promise<Plan> {
  const observed = await observe(backend, read.experiment);
  const plan = makePlan(read.experiment, observed, {
    ...planOptions(flags, read, observed),
    run: about.run,
    experimentId: about.experiment,
    leftovers: new Set(about.clear.map((run) => run.id)),
  });
  const shared = await refuseShared(plan, about.runs, about.resumed);
  return { ...plan, refusals: [...plan.refusals, ...shared] };
}

function planOptions(
  flags: PlanFlags,
  { experiment }: ReadExperiment,
  { engine }: Observed,
): Pick<PlanOptions, 'jobs' | 'explicitJobs' | 'reserve'> {
  return {
    jobs: flags.jobs ?? (flags.parallel === false ? 1 : experiment.parallelism),
    explicitJobs: flags.jobs !== undefined,
    reserve: {
      cpus: flags.reserveCpus === undefined ? 0 : reserved(flags.reserveCpus, engine.cpus),
      memory: Math.ceil(reserved(flags.reserveMemory ?? DEFAULT_RESERVE_MEMORY, engine.memory)),
    },
  };
}

function withTags(read: ReadExperiment, tags: Readonly<Record<string, string>>): ReadExperiment {
  const { experiment } = read;
  return { ...read, experiment: { ...experiment, tags: { ...experiment.tags, ...tags } } };
}

/** A run that is going on may go on beside this one if the two share nothing; and no id is given twice. */
async function refuseShared(
  plan: Plan,
  runs: readonly KnownRun[],
  resumed: KnownRun | undefined,
): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const run of runs) {
    if (run.standing !== 'alive' || run === resumed) continue;
    const phrases = await sharedWith(plan, run.folder);
    if (phrases.length === 0) continue;
    refusals.push({
      code: 'run',
      trial: undefined,
      message: `run ${run.id} of this experiment is still going on, and has ${phrases.join(', ')} too`,
      fix: `wait for it: combu wait --run ${run.id}; end it: combu kill --run ${run.id}; or put UUID into the names`,
    });
  }
  if (resumed === undefined && runs.some((run) => run.id === plan.run)) {
    refusals.push({
      code: 'run',
      trial: undefined,
      message: `there is a run ${plan.run} already`,
      fix: `go on with it: combu run --resume ${plan.run}; or give another --uuid`,
    });
  }
  return refusals;
}

/** Every reason in one list; what one reason repeats of another is said once. */
export function tellRefusals(context: CliContext, refusals: readonly Refusal[]): void {
  context.stderr.write('Nothing was started:\n');
  for (const refusal of refusals) context.stderr.write(`  ${describeRefusal(refusal)}\n`);
}
