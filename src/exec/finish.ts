import type { AttemptEnd } from '../model/event.js';
import { Failure } from '../model/failure.js';
import { LABEL } from '../model/labels.js';
import { failureSignature } from '../model/signature.js';
import { printableLine } from '../util/printable.js';
import type { Attempt } from './attempt.js';
import { isFailure, whyHalt } from './halt.js';
import { staysForALook } from './keep.js';
import { endedInOutage, judge, mayBeOutOfMemory, type Verdict } from './outcome.js';
import { copyOutputs } from './outputs.js';
import { decideRetry, type RetryDecision, STOPPED_BEFORE } from './retry.js';
import type { RunContext } from './run-context.js';
import { stopRun, trialEnded } from './stopping.js';

/** What a program ends with that SIGTERM or SIGKILL ended. */
const SIGNAL_EXITS: ReadonlySet<number> = new Set([143, 137]);
/** How long word that memory ran out is waited for (milliseconds). */
const OOM_PATIENCE = 500;
/** A line shown in tables and messages is no longer than this. */
const LONGEST_LINE = 500;

/**
 * What follows an attempt's end, in this order: its room is free, its log is complete, outputs and results are copied,
 * its end is on disk, and only then is its container removed. Then its trial is tried again, or has ended.
 */
export async function finishAttempt(run: RunContext, attempt: Attempt): Promise<void> {
  attempt.phase = 'ended';
  // Where a failure may be one too many, nothing takes its place before it is known.
  if (run.order.halt.kind === 'never') freeRoom(run, attempt);
  const end = await run.finishing(() => recordEnd(run, attempt));
  run.ports.results?.ended(attempt.key);
  const decision = followingAttempt(run, attempt, end);
  if (decision.again) {
    freeRoom(run, attempt);
    await removeContainer(run, attempt);
    run.attempts.delete(attempt.name);
    tryAgain(run, attempt, decision);
  } else {
    attempt.work.underWay = false;
    run.note({ type: 'trial.ended', trial: attempt.name, state: end.outcome, cause: end.cause });
    trialEnded(run, attempt.work);
    // Only a failure can be one too many, and to look at all trials whenever one ends would be quadratic.
    if (isFailure(end.outcome)) haltIfWanted(run);
    freeRoom(run, attempt);
    await run.finishing(() => keepOrRemove(run, attempt, end));
    run.attempts.delete(attempt.name);
  }
}

function freeRoom(run: RunContext, attempt: Attempt): void {
  if (run.ledger.release(attempt)) run.mayAdmit();
}

async function recordEnd(run: RunContext, attempt: Attempt): Promise<AttemptEnd> {
  const { work, container, end } = attempt;
  const state = end?.state;
  await attempt.log?.finish(state?.finishedAt, run.reasons.has('killed'));
  const copied =
    state === undefined || container === undefined
      ? { missing: [] }
      : await copyOutputs(run, attempt, container);
  if (attempt.stopped === undefined && mayBeOutOfMemory(state, attempt.request.memory > 0)) {
    if (!attempt.oomHeard) await run.ports.clock.sleep(OOM_PATIENCE, run.cancelled.signal);
  }
  const stopped = (await stopOfBefore(run, attempt)) ?? attempt.stopped;
  await run.engine.confirm();
  const verdict: Verdict =
    attempt.refusal !== undefined && stopped === undefined
      ? { outcome: attempt.refusal.lost ? 'lost' : 'failed', cause: attempt.refusal.cause, note: undefined }
      : judge({
          state,
          oomHeard: attempt.oomHeard,
          service: work.planned.kind === 'service',
          stopped,
          stall: work.planned.trial.stall,
          duringOutage:
            state !== undefined &&
            endedInOutage(state, run.outages, {
              adopted: attempt.adopted,
              liveRestore: run.engineFacts.liveRestore,
            }),
          missing: copied.missing,
          killed: run.reasons.has('killed'),
        });
  const lastLine = run.mask(printableLine(attempt.log?.lastLine ?? '')).slice(0, LONGEST_LINE);
  const recorded: AttemptEnd = {
    ...verdict,
    exitCode: state === undefined || state.startedAt === null ? null : state.exitCode,
    startedAt: state?.startedAt ?? attempt.startedAt ?? null,
    finishedAt: state?.finishedAt ?? null,
    peaks: container === undefined ? { memory: null, cpuSeconds: null } : run.peaks.end(container),
    lastLine,
    signature: isFailure(verdict.outcome) ? failureSignature(verdict.cause, lastLine, attempt.name) : '',
    log: attempt.log?.result ?? { bytes: 0, cut: null },
  };
  await run.record({ type: 'attempt.ended', ...attempt.key, ...recorded });
  return recorded;
}

/** What an earlier supervisor did to end it; undefined where it ended by itself: that word may have got lost on its way. */
async function stopOfBefore(run: RunContext, attempt: Attempt): Promise<Attempt['stopped']> {
  const { stoppedBefore: before, container, end, work } = attempt;
  const state = end?.state;
  if (before === undefined || container === undefined || state === undefined) return before;
  // A service ends for no other reason; and a program that ends by a signal was sent one.
  if (work.planned.kind === 'service' || SIGNAL_EXITS.has(state.exitCode)) return before;
  const signalled = await run.engine.insist((backend) => backend.wasSignalled(container, before.at));
  return signalled ? before : undefined;
}

function followingAttempt(
  run: RunContext,
  { work, stopped, stoppedBefore }: Attempt,
  end: AttemptEnd,
): RetryDecision {
  // A service that nobody needs is not worth another attempt, and a run that stops admits none.
  if (run.stopping) return { again: false };
  // Unless this supervisor, too, has found that nobody needs it.
  const wanted = stoppedBefore !== undefined && stopped === undefined;
  if (wanted && (end.outcome === 'killed' || end.outcome === 'stopped')) return STOPPED_BEFORE;
  return decideRetry(work.planned.trial.retries, work.status.outcomes);
}

function tryAgain(
  run: RunContext,
  attempt: Attempt,
  decision: Extract<RetryDecision, { again: true }>,
): void {
  const { work } = attempt;
  const { delay, why } = decision;
  work.dueAt = run.now() + delay;
  work.underWay = false;
  run.note({ type: 'trial.retrying', ...attempt.key, delay, why });
  run.mayAdmitIn(delay);
}

function haltIfWanted(run: RunContext): void {
  if (run.stopping || run.order.halt.kind === 'never') return;
  const batch = run.works.filter((work) => work.planned.kind === 'batch');
  const ended = batch.map(({ status }) => ({ state: status.state, signature: status.end?.signature ?? '' }));
  const why = whyHalt(run.order.halt, ended, batch.length);
  if (why === undefined) return;
  stopRun(run, 'halted', false, why);
}

async function keepOrRemove(run: RunContext, attempt: Attempt, end: AttemptEnd): Promise<void> {
  const { container } = attempt;
  if (container === undefined) return;
  const gone = attempt.refusal === undefined && attempt.end?.state === undefined;
  if (gone) return run.note({ type: 'attempt.removed', ...attempt.key });
  // Whoever kills a run removes its containers, and one that two remove at once costs the engine twice.
  if (run.reasons.has('killed')) return;
  const alike = run.kept.get(end.signature) ?? 0;
  if (!staysForALook(run.order.keep, end.outcome, alike)) return removeContainer(run, attempt);
  run.kept.set(end.signature, alike + 1);
  run.note({ type: 'attempt.kept', ...attempt.key, container });
}

/** Removes what a killed run still has on the engine, also what it kept for a look, and notes what others have removed. */
export async function clearKilled(run: RunContext): Promise<void> {
  const unremoved = [...run.state.trials.values()].flatMap(({ name: trial, attempt, container }) =>
    container === null ? [] : [{ key: { trial, attempt }, container }],
  );
  if (unremoved.length === 0) return;
  const listed = await run.engine.insist((backend) => backend.list({ [LABEL.run]: run.plan.run }));
  const there = new Set(listed.map(({ id }) => id));
  const clear = async ({ key, container }: (typeof unremoved)[number]) => {
    if (there.has(container)) await run.finishing(() => remove(run, key, container));
    else run.note({ type: 'attempt.removed', ...key });
  };
  await Promise.all(unremoved.map(clear));
}

/** Removes an attempt's container, if one was made. */
export async function removeContainer(run: RunContext, attempt: Attempt): Promise<void> {
  await remove(run, attempt.key, attempt.container);
}

async function remove(run: RunContext, key: Attempt['key'], container: string | undefined): Promise<void> {
  if (container === undefined) return;
  try {
    await run.engine.call((backend) => backend.remove(container));
    run.note({ type: 'attempt.removed', ...key });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    run.note({
      type: 'run.warning',
      message: `The container of ${key.trial} could not be removed: ${error.message}`,
    });
  }
}
