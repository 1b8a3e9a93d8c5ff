import { Failure } from '../model/failure.js';
import { fingerprintParts } from '../plan/fingerprint.js';
import { NO_LONGER } from '../util/no-longer.js';
import type { Attempt } from './attempt.js';
import { type LogHole, LogKeeper } from './attempt-log.js';
import { containerSpec } from './container-spec.js';
import { finishAttempt, removeContainer } from './finish.js';
import { resultsPlace } from './outputs.js';
import { conditionsMet } from './ready.js';
import type { RunContext } from './run-context.js';
import { watchForStall } from './stall-watch.js';
import { endUnstarted, sendStop, stopAttempt } from './stopping.js';

/**
 * An end was heard of, but the engine's record does not show it yet: looked at again after so long (milliseconds), then
 * twice as long, and so on up to the most; it may have been no end, as where the engine could not stop it.
 */
const LOOK_AGAIN = { first: 200, most: 2_000 };
/** What the engine answers where the container is not there, or something that it needs. */
const NOT_FOUND = 404;

/**
 * Makes an admitted attempt's container: first its intention is on disk, then the engine is asked. Afterwards it is made,
 * or refused (`refusal`), or called off. Called while the budget's lock is held where it takes of the budget.
 */
export async function createContainer(run: RunContext, attempt: Attempt): Promise<void> {
  const { work } = attempt;
  const { fingerprint } = work.planned;
  const { request, devices } = attempt;
  const others = new Map(work.depends.map((one) => [one.work.name, one.work.planned]));
  const parts = fingerprintParts(work.planned, others, run.plan.run);
  await run.record({ type: 'attempt.intended', ...attempt.key, fingerprint, parts, request, devices });
  await enterWindow(run, attempt);
  if (attempt.calledOff !== undefined) return leaveWindow(run, attempt, undefined);
  const began = run.now();
  attempt.askedAt = began;
  try {
    const spec = await specOf(run, attempt);
    const container = await run.engine.call((backend) => backend.create(spec));
    attempt.container = container;
    attempt.phase = 'created';
    run.note({ type: 'attempt.created', ...attempt.key, container });
    attempt.mayStart ||= conditionsMet(work);
    // Also where it is to start at once: a place held until then would never come free to those that are created
    // with it, and no start comes before the last of these creates.
    leaveWindow(run, attempt, attempt.mayStart ? undefined : run.now() - began);
  } catch (error) {
    leaveWindow(run, attempt, Number.POSITIVE_INFINITY);
    const cause = `could not be created: ${failureOf(error).message}`;
    attempt.refusal = { cause, lost: run.engine.stoppedSince(attempt.askedAt) };
  }
}

/** Drives an attempt whose container was made, or would not be, to its end, and clears up after it. */
export async function conductAttempt(run: RunContext, attempt: Attempt): Promise<void> {
  if (attempt.refusal === undefined) await startContainer(run, attempt);
  if (attempt.calledOff !== undefined && attempt.phase !== 'running') await dropUnstarted(run, attempt);
  else {
    if (attempt.phase === 'running') await followToEnd(run, attempt);
    await finishAttempt(run, attempt);
  }
  run.bell.ring();
}

async function startContainer(run: RunContext, attempt: Attempt): Promise<void> {
  const { container } = attempt;
  while (!attempt.mayStart && attempt.calledOff === undefined) await attempt.bell.wait();
  if (attempt.calledOff === undefined && !attempt.holdsPlace) await enterWindow(run, attempt);
  // Called off also while it waited for its place.
  if (attempt.calledOff !== undefined || container === undefined) return leaveWindow(run, attempt, undefined);
  attempt.phase = 'starting';
  const began = run.now();
  try {
    await run.engine.call((backend) => backend.start(container));
  } catch (error) {
    leaveWindow(run, attempt, Number.POSITIVE_INFINITY);
    const { message, status } = failureOf(error);
    const gone =
      status === NOT_FOUND && (await run.engine.insist((one) => one.inspect(container))) === undefined;
    attempt.refusal = gone
      ? { cause: 'its container was gone before it was started', lost: true }
      : { cause: `could not be started: ${message}`, lost: run.engine.stoppedSince(attempt.askedAt) };
    return;
  }
  leaveWindow(run, attempt, run.now() - began);
  await noteStart(run, attempt, container);
  attempt.phase = 'running';
}

/** Its event tells when it started; only ports, and an event that was lost, make a question to the engine needed. */
export async function noteStart(
  run: RunContext,
  attempt: Attempt,
  container: string,
  how: { readonly runsOn?: true } = {},
): Promise<void> {
  let ports: Readonly<Record<string, string>> = {};
  if (attempt.work.planned.trial.ports.length > 0 || attempt.startedAt === undefined) {
    const state = await run.engine.insist((backend) => backend.inspect(container));
    if (state?.status === 'running') ports = state.ports;
    if (state !== undefined && state.status !== 'created') attempt.startedAt = state.startedAt ?? undefined;
  }
  attempt.startedAt ??= new Date(run.now() + run.engineFacts.ahead).toISOString();
  run.note({ type: 'attempt.started', ...attempt.key, startedAt: attempt.startedAt, ports, ...how });
}

/** Follows a running container until its end is seen. */
export async function followToEnd(run: RunContext, attempt: Attempt): Promise<void> {
  const { container, work } = attempt;
  if (container === undefined) return;
  const { trial } = work.planned;
  const file = await run.ports.journal.openLog(trial.name, attempt.number);
  // Where the event of its end is lost or late, the end of its log tells as well.
  const log = new LogKeeper(run.engine, container, file, run.ports.clock, {
    scale: run.order.logScale,
    startedAt: attempt.startedAt,
    streamEnded: () => attempt.bell.ring(),
    holes: () => holesOf(run, attempt),
  });
  if (attempt.adopted) await log.takeUp();
  attempt.log = log;
  run.logs.begin(log);
  run.peaks.begin(container);
  run.ports.results?.started(attempt.key);
  if (trial.timeout !== undefined) armTimeout(run, attempt, trial.timeout);
  // A service does nothing while nobody asks it for anything.
  if (trial.stall !== undefined && work.planned.kind === 'batch') {
    run.background(watchForStall(run, attempt, container, trial.stall));
  }
  // It may have been asked to stop, or its end heard of, while it was being started.
  if (attempt.stopped !== undefined) sendStop(run, attempt, run.reasons.has('killed') ? 0 : trial.grace);
  if (work.dependents.length > 0) run.mayAdmit();
  for (let pause: number = LOOK_AGAIN.first; attempt.end === undefined; ) {
    if (!attempt.endHeard) {
      pause = LOOK_AGAIN.first;
      await attempt.bell.wait();
    }
    await look(run, attempt, container, pause);
    pause = Math.min(LOOK_AGAIN.most, 2 * pause);
  }
  attempt.phase = 'ended';
  attempt.life.abort(NO_LONGER);
  run.logs.end(log);
}

/** An engine that was away took nothing of what a container wrote; it runs on meanwhile with live restore alone. */
function holesOf({ outages, engineFacts }: RunContext, { startedAt }: Attempt): readonly LogHole[] {
  if (!engineFacts.liveRestore) return [];
  const started = Date.parse(startedAt ?? '');
  return outages.flatMap(({ heard, to }) => (to < started ? [] : [{ from: heard, to }]));
}

/** Looks at what the engine has of it, where there is reason to; `pause`: see LOOK_AGAIN. */
async function look(run: RunContext, attempt: Attempt, container: string, pause: number): Promise<void> {
  const heard = attempt.endHeard;
  attempt.endHeard = false;
  const state = await run.engine.insist((backend) => backend.inspect(container));
  if (state === undefined || state.status === 'ended') {
    attempt.end = { state, at: run.now() };
    return;
  }
  if (state.status === 'running' && state.health === 'healthy') becomeHealthy(run, attempt);
  if (state.status === 'running' && state.health === 'unhealthy') becomeUnhealthy(run, attempt);
  if (heard) {
    await run.ports.clock.sleep(pause, run.over.signal);
    attempt.endHeard = true;
  }
}

export function becomeHealthy(run: RunContext, attempt: Attempt): void {
  if (attempt.healthy) return;
  attempt.healthy = true;
  run.note({ type: 'attempt.healthy', ...attempt.key });
  run.mayAdmit();
}

/** Unhealthy before it was ever healthy is a failure; later it may recover, and its trial knows best. */
export function becomeUnhealthy(run: RunContext, attempt: Attempt): void {
  if (!attempt.healthy) stopAttempt(run, attempt, 'unhealthy', attempt.work.planned.trial.grace);
}

function armTimeout(run: RunContext, attempt: Attempt, timeout: number): void {
  const now = run.now() + run.engineFacts.ahead;
  const ran = Math.max(0, now - Date.parse(attempt.startedAt ?? ''));
  const { grace } = attempt.work.planned.trial;
  run.background(
    run.ports.clock.sleep(timeout - ran, attempt.life.signal).then(() => {
      if (!attempt.life.signal.aborted) stopAttempt(run, attempt, 'timeout', grace);
    }),
  );
}

/** Removes what was made for an attempt that is not to be started any more. */
async function dropUnstarted(run: RunContext, attempt: Attempt): Promise<void> {
  const { work, calledOff } = attempt;
  // Said first: a container that is gone without a word counts as lost when the run is resumed.
  if (calledOff !== undefined) endUnstarted(run, work, calledOff);
  await removeContainer(run, attempt);
  run.ledger.release(attempt);
  run.mayAdmit();
  run.attempts.delete(work.name);
  work.underWay = false;
}

async function specOf(run: RunContext, attempt: Attempt) {
  const { planned } = attempt.work;
  const { trial } = planned;
  return containerSpec(planned, {
    identity: run.order.identity,
    experiment: run.plan.experiment.name,
    attempt: attempt.number,
    request: attempt.request,
    devices: attempt.devices,
    image: run.images.get(trial.image)?.id ?? trial.image,
    networks: run.networks,
    engineHasInit: run.engineFacts.hasInit,
    secrets: run.order.secrets,
    storeEnv: run.order.storeEnv,
    results: await resultsPlace(run, attempt),
  });
}

async function enterWindow(run: RunContext, attempt: Attempt): Promise<void> {
  await run.window.enter();
  attempt.holdsPlace = true;
}

function leaveWindow(run: RunContext, attempt: Attempt, latency: number | undefined): void {
  if (!attempt.holdsPlace) return;
  attempt.holdsPlace = false;
  run.window.leave(latency);
  if (!run.heldByWindow) return;
  run.heldByWindow = false;
  run.mayAdmit();
}

/** Anything but a Failure is a bug, and passed on. */
function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}
