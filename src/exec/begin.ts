import type { ContainerSummary } from '../backend/backend.js';
import type { NewRunEvent } from '../model/event.js';
import { Failure } from '../model/failure.js';
import { LABEL } from '../model/labels.js';
import { withImages } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { prepareImages, prepareNetworks } from './prepare.js';
import { planResume, type ResumePlan } from './resume.js';
import type { RunContext } from './run-context.js';

/**
 * Everything before the first trial: the journal's first line, images, the plan with what is in them, networks and
 * volumes, and, where a run is resumed, what is to be done about each of its trials.
 * undefined = something can't be had (the journal says what): nothing was started.
 */
export async function beginRun(run: RunContext): Promise<ResumePlan | undefined> {
  try {
    const resume = run.order.previous === undefined ? await beginAnew(run) : await beginAgain(run);
    refuse(run.plan);
    await prepareNetworks(run);
    return resume;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (run.state.startedAt === '') await noteStart(run, undefined);
    if (!run.cancelled.signal.aborted) run.note({ type: 'run.warning', message: withFix(error) });
    return undefined;
  }
}

function withFix({ message, fix }: Failure): string {
  if (fix === undefined) return message;
  return /[.!?]$/.test(message) ? `${message} ${fix}` : `${message}; ${fix}`;
}

async function beginAnew(run: RunContext): Promise<ResumePlan> {
  await noteStart(run, undefined);
  for (const message of run.plan.warnings) run.note({ type: 'run.warning', message });
  const before = outline(run.plan);
  await getImages(run, (event) => run.note(event));
  // An image that was just pulled may have a healthcheck: then kinds and conditions are others.
  if (JSON.stringify(outline(run.plan)) !== JSON.stringify(before)) await noteStart(run, undefined);
  return { settled: [], trials: new Map(), stale: [] };
}

/** What is done is told by fingerprints, and these by images: so they come first here. */
async function beginAgain(run: RunContext): Promise<ResumePlan> {
  const events: NewRunEvent[] = [];
  await getImages(run, (event) => void events.push(event));
  const containers: readonly ContainerSummary[] = await run.engine.call((backend) =>
    backend.list({ [LABEL.run]: run.plan.run }),
  );
  const resume = planResume(run.plan, run.state, containers, run.order.resuming);
  for (const event of resume.settled) run.note(event);
  await noteStart(run, resume);
  for (const event of events) run.note(event);
  return resume;
}

async function getImages(run: RunContext, tell: (event: NewRunEvent) => void): Promise<void> {
  run.images = await prepareImages(run, tell);
  const pulled = run.plan.images.some(({ action }) => action === 'pull');
  run.plan = withImages(run.plan, run.images);
  if (pulled) await run.order.onReplanned?.(run.plan);
}

/** What is in an image may make a plan impossible that looked well before. */
function refuse(plan: Plan): void {
  const [first, ...others] = plan.refusals;
  if (first === undefined) return;
  const message = [first, ...others].map((refusal) => refusal.message).join('; ');
  throw new Failure(message, { owner: 'refused', fix: first.fix });
}

function outline(plan: Plan) {
  return plan.trials.map(({ trial, kind, depends }) => ({
    name: trial.name,
    kind,
    depends: depends.map((one) => one.trial),
    conditions: depends.map((one) => one.condition),
  }));
}

async function noteStart(run: RunContext, resume: ResumePlan | undefined): Promise<void> {
  const { identity, version, host, comment, sample, settings = [] } = run.order;
  await run.record({
    type: 'run.started',
    run: run.plan.run,
    experiment: identity.experiment,
    name: run.plan.experiment.name,
    file: identity.file,
    host,
    version,
    comment,
    tags: run.plan.experiment.tags,
    resumed: run.order.previous !== undefined,
    trials: outline(run.plan).map((trial) => {
      const resumption = resume?.trials.get(trial.name);
      if (resumption?.kind === 'done' && resumption.restored) return { ...trial, restored: true };
      if (resumption?.kind !== 'again') return trial;
      const { because } = resumption;
      return { ...trial, again: true, ...(because === undefined ? {} : { because }) };
    }),
    ...(sample === undefined ? {} : { sample }),
    ...(settings.length === 0 ? {} : { settings }),
  });
}
