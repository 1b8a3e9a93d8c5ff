import type { ContainerSummary } from '../backend/backend.js';
import type { Outcome } from '../model/event.js';
import { Failure } from '../model/failure.js';
import { isEnded, type TrialStatus } from '../model/run-state.js';
import { Attempt } from './attempt.js';
import { conductAttempt, followToEnd, noteStart } from './drive.js';
import { finishAttempt } from './finish.js';
import { demandOf } from './ledger.js';
import { isOwnFault, stoppedVerdict } from './outcome.js';
import { conditionsMet } from './ready.js';
import type { ResumePlan } from './resume.js';
import { decideRetry, STOPPED_BEFORE } from './retry.js';
import type { RunContext } from './run-context.js';
import { sendStop, trialEnded } from './stopping.js';
import type { TrialWork } from './trial-work.js';

/**
 * Takes up what a resumed run has on the engine, after `run.started` and before anything else is admitted. What was kept
 * of trials that run again is removed with the rest that is stale: what goes on being kept counts on.
 */
export async function adoptContainers(run: RunContext, resume: ResumePlan): Promise<void> {
  const gone = new Set<string>();
  await Promise.all(resume.stale.map((container) => run.finishing(() => removeStale(run, container, gone))));
  for (const { name: trial, attempt, container, kept, end } of run.state.trials.values()) {
    if (container === null || !kept) continue;
    if (gone.has(container)) run.note({ type: 'attempt.removed', trial, attempt });
    else if (end !== null) run.kept.set(end.signature, (run.kept.get(end.signature) ?? 0) + 1);
  }
  await endRemoved(run);
  for (const work of run.works) {
    const resumption = resume.trials.get(work.name);
    if (resumption?.kind === 'lost') await noteLost(run, work);
    if (resumption?.kind === 'adopt') adopt(run, work, resumption.container, resumption.attempt);
  }
}

/** One that can't be removed is no reason not to go on with the rest. */
async function removeStale(
  run: RunContext,
  { id, name }: ContainerSummary,
  gone: Set<string>,
): Promise<void> {
  try {
    await run.engine.call((backend) => backend.remove(id));
    gone.add(id);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const message = `The container ${name}, of an attempt that is over, could not be removed: ${error.message}`;
    run.note({ type: 'run.warning', message });
  }
}

/** Trials that the file has no more are over, so that nothing waits for them, or calls them running, for ever. */
async function endRemoved(run: RunContext): Promise<void> {
  const there = new Set(run.works.map((work) => work.name));
  const gone = [...run.state.trials.values()].filter(
    ({ name, state }) => !there.has(name) && run.order.resuming?.spared.has(name) !== true && !isEnded(state),
  );
  for (const status of gone) {
    if (status.state === 'starting' || status.state === 'running') {
      const cause = 'the file had no such trial any more when the run was resumed';
      await recordUnseenEnd(run, status, 'killed', cause);
      run.note({ type: 'trial.ended', trial: status.name, state: 'killed', cause });
    } else {
      run.note({ type: 'trial.skipped', trial: status.name, cause: { kind: 'removed' } });
    }
  }
}

/** The end of an attempt of which nothing is left to ask. */
async function recordUnseenEnd(
  run: RunContext,
  status: TrialStatus,
  outcome: Outcome,
  cause: string,
): Promise<void> {
  const key = { trial: status.name, attempt: status.attempt };
  await run.record({
    type: 'attempt.ended',
    ...key,
    outcome,
    cause,
    exitCode: null,
    startedAt: status.startedAt,
    finishedAt: null,
    peaks: { memory: null, cpuSeconds: null },
    lastLine: '',
    signature: '',
    log: { bytes: 0, cut: null },
    note: undefined,
  });
  run.ports.results?.ended(key);
}

async function noteLost(run: RunContext, work: TrialWork): Promise<void> {
  const { status, planned } = work;
  const key = { trial: work.name, attempt: status.attempt };
  const stopped = stopOf(run, status);
  const { outcome, cause } =
    stopped === undefined
      ? { outcome: 'lost' as const, cause: 'its container was gone when the run was resumed' }
      : stoppedVerdict(stopped.why, { service: planned.kind === 'service', stall: planned.trial.stall });
  await recordUnseenEnd(run, status, outcome, cause);
  const decision =
    stopped === undefined || isOwnFault(stopped.why)
      ? decideRetry(planned.trial.retries, status.outcomes)
      : STOPPED_BEFORE;
  if (decision.again) return run.note({ type: 'trial.retrying', ...key, delay: 0, why: decision.why });
  run.note({ type: 'trial.ended', trial: work.name, state: outcome, cause });
  trialEnded(run, work);
}

function adopt(run: RunContext, work: TrialWork, container: ContainerSummary, number: number): void {
  const { cpus, memory, gpus } = container.request;
  const request = { cpus, memory, gpus: gpus.length };
  const demand = demandOf(work.planned, request, run.plan.run);
  const attempt = new Attempt(work, number, request, gpus, demand);
  attempt.adopted = true;
  attempt.container = container.id;
  const stopped = stopOf(run, work.status);
  if (stopped !== undefined && isOwnFault(stopped.why)) attempt.stopped = stopped;
  else attempt.stoppedBefore = stopped;
  attempt.mayStart = conditionsMet(work);
  work.underWay = true;
  run.attempts.set(work.name, attempt);
  run.ledger.hold(attempt);
  if (container.status === 'created') {
    attempt.phase = 'created';
    run.background(conductAttempt(run, attempt));
  } else {
    run.background(takeUp(run, attempt, container));
  }
}

/** That, and why, an earlier supervisor told it to stop. */
function stopOf(run: RunContext, { stopping, stoppingSince }: TrialStatus): Attempt['stopped'] {
  if (stopping === null || stoppingSince === null) return undefined;
  // As for every stop: the clock of a remote engine says nothing beside ours.
  return { why: stopping, at: run.engineFacts.local ? Date.parse(stoppingSince) : 0 };
}

/**
 * A container lives that an earlier supervisor wanted to stop. Where the engine was never told, it runs on as if nothing had
 * been; else it is stopped for certain, so that nobody waits for ever for it to be of use again, or to end.
 */
async function settleStop(run: RunContext, attempt: Attempt, container: string): Promise<void> {
  const { stoppedBefore: before, work } = attempt;
  if (before === undefined) return;
  if (await run.engine.insist((backend) => backend.wasSignalled(container, before.at))) {
    return sendStop(run, attempt, work.planned.trial.grace);
  }
  attempt.stoppedBefore = undefined;
  await noteStart(run, attempt, container, { runsOn: true });
  run.mayAdmit();
}

/** Goes on with a container that runs, or has ended while nobody watched. */
async function takeUp(run: RunContext, attempt: Attempt, { id, status }: ContainerSummary): Promise<void> {
  attempt.phase = 'running';
  attempt.startedAt = attempt.work.status.startedAt ?? undefined;
  if (status === 'running') await settleStop(run, attempt, id);
  if (attempt.startedAt === undefined) await noteStart(run, attempt, id);
  // One look; no end has been heard of that would have to be waited for.
  attempt.bell.ring();
  await followToEnd(run, attempt);
  await finishAttempt(run, attempt);
  run.bell.ring();
}
