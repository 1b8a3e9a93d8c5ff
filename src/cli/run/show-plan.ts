import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Backend } from '../../backend/backend.js';
import { planResume } from '../../exec/resume.js';
import { experimentId } from '../../journal/identity.js';
import type { Experiment } from '../../model/experiment.js';
import { LABEL } from '../../model/labels.js';
import type { Refusal } from '../../model/problem.js';
import { newRunId } from '../../model/run-id.js';
import { describePlan, planToJson } from '../../plan/describe.js';
import type { Plan } from '../../plan/plan.js';
import { samplePlan } from '../../plan/sample.js';
import { describeRoom } from '../../report/notable.js';
import { callerOf } from '../caller.js';
import { openBackend } from '../compose.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import { readSource, readWithId, tellProblems } from '../experiment.js';
import { refuseOtherHost } from '../other-host.js';
import { stateFolder } from '../state.js';
import { NOWHERE } from '../store.js';
import { type KnownRun, knownRuns, runToResume } from './choose-run.js';
import { type ChosenWork, chooseWork } from './choose-work.js';
import { runDisks } from './disks.js';
import { type PlanFlags, wantsResume } from './flags.js';
import { decide } from './last-run.js';
import { findMoved, unsettledImages } from './moved-images.js';
import { chosenTrials, type PlannedRun, planRun } from './plan-run.js';
import { describeResume, previewResume, resumeToJson, type TrialPreview } from './resume-preview.js';

/** `combu plan` and `combu run -n`: what a run would do, what it would do again, and every reason why it would not. */
export async function showPlan(context: CliContext, flags: PlanFlags): Promise<ExitCode> {
  const source = await readSource(context, flags);
  const { file } = source;
  const here = await experimentId(file, context.host, callerOf(context).uid);
  const resume = wantsResume(flags);
  const stateDir = await stateFolder(context, flags);
  const runs = file === '-' && resume === undefined ? [] : await knownRuns(stateDir, here);
  const known = { stateDir, file, experiment: here, runs };
  const resumed = resume === undefined ? undefined : await runToResume(context, resume, known);
  if (resumed?.standing === 'interrupted') await refuseOtherHost(context, resumed, flags);
  const experiment = resumed?.first?.experiment ?? here;
  const run = resumed?.id ?? flags.uuid ?? newRunId(randomBytes);
  const read = await readWithId(context, source, run, flags);
  const work = read.ok ? await chooseWork(context, source, read.value, flags, resumed) : read;
  if (!work.ok) {
    tellProblems(context, work.error);
    return EXIT.usage;
  }
  const backend = await openBackend(context, flags);
  try {
    const owner = String(callerOf(context).uid);
    const about = { experiment, owner, run, runs, resumed };
    const { plan: planned, previews } = await look(backend, flags, about, work.value);
    const plan = {
      ...planned,
      experiment: { ...planned.experiment, results: resultsPlace(flags, planned.experiment) },
      warnings: [...planned.warnings, ...(await lowDisk(planned, stateDir, flags))],
    };
    const resumption = previews === undefined ? {} : { resume: resumeToJson(run, previews) };
    context.stdout.write(
      flags.json === true
        ? `${JSON.stringify({ ...planToJson(plan), ...resumption })}\n`
        : `${describePlan(plan)}${previews === undefined ? '' : describeResume(run, previews)}`,
    );
    return plan.refusals.length > 0 ? EXIT.refused : EXIT.ok;
  } finally {
    await backend.close();
  }
}

/** Asks the engine alone; nobody is asked anything. `previews`: of a run that would go on. */
async function look(
  backend: Backend,
  flags: PlanFlags,
  about: PlannedRun,
  { read, previous, rerun, only, spared }: ChosenWork,
): Promise<{ readonly plan: Plan; readonly previews: readonly TrialPreview[] | undefined }> {
  const { image } = flags;
  const { run, resumed } = about;
  const moved =
    previous === undefined ? [] : await findMoved(backend, chosenTrials(read.experiment, only), previous);
  const last = flags.new === true ? about.runs.at(-1) : undefined;
  const clear = about.runs.filter(
    (one) =>
      one !== resumed && (one.standing === 'ended' || (one === last && one.standing === 'interrupted')),
  );
  const movedNow = new Set(moved.map(({ reference }) => reference));
  const whole = await planRun(backend, read, flags, {
    ...about,
    clear,
    previous,
    only,
    moved: movedNow,
    image,
  });
  const unsettled = unsettledImages(moved, image);
  const refusals = [...whole.refusals, ...goingOn(resumed), ...(unsettled === undefined ? [] : [unsettled])];
  const part = flags.sample === undefined ? whole : samplePlan(whole, flags.sample).plan;
  const plan = { ...part, refusals };
  if (previous === undefined) return { plan, previews: undefined };
  const containers = await backend.list({ [LABEL.run]: run });
  const { trials } = planResume(plan, previous, containers, { rerun, spared, image });
  return { plan, previews: previewResume(plan, trials) };
}

/** Where results go, the flag being put over the file. */
function resultsPlace({ store }: PlanFlags, { results }: Experiment): Experiment['results'] {
  if (store === undefined) return results;
  if (store === NOWHERE) return undefined;
  return { endpoint: undefined, region: undefined, inside: undefined, direct: false, ...results, store };
}

/** A disk with less room than is kept free refuses nobody, but nothing would start; the first is told, as in a run. */
async function lowDisk(plan: Plan, stateDir: string, flags: PlanFlags): Promise<string[]> {
  // Before the first run there is no state folder; it will be on the disk of the folder that it is made in.
  const record = existsSync(stateDir) ? stateDir : dirname(stateDir);
  const rooms = await runDisks(record, plan, flags.reserveDisk)();
  const low = rooms.find(({ free, kept }) => free < kept);
  if (low === undefined) return [];
  return [`the disk is nearly full: ${describeRoom(low)}; nothing would start until there is room`];
}

/** A run that has a supervisor can't be resumed. */
function goingOn(resumed: KnownRun | undefined): Refusal[] {
  if (resumed === undefined) return [];
  const wanted = { resume: true, anew: false, yes: false, terminal: false };
  const decision = decide(resumed.id, resumed.standing, wanted);
  if (decision.kind !== 'refuse') return [];
  return [{ code: 'run', trial: undefined, message: decision.message, fix: decision.fix }];
}
