import type { StopReason } from '../model/event.js';
import { LABEL } from '../model/labels.js';
import { Admitting } from './admitting.js';
import { adoptContainers } from './adopt.js';
import type { Attempt } from './attempt.js';
import { beginRun } from './begin.js';
import { becomeHealthy, becomeUnhealthy } from './drive.js';
import { type WatchListener, watchContainers } from './event-watch.js';
import type { RunControl, RunOrder, RunPorts, RunResult } from './execute.js';
import { runEnd } from './exit-code.js';
import { clearKilled } from './finish.js';
import { runTrials } from './main-loop.js';
import { removeNetworks } from './prepare.js';
import { RunContext } from './run-context.js';
import { hearEnd, stopRun } from './stopping.js';
import { joinWork } from './trial-work.js';

/** Refused before anything started: an image, network or volume could not be had. */
const REFUSED = 3;

/** Executes a plan to its end: images, networks, volumes, trials, cleaning up. Throws only for bugs and a record that can't be written. */
export async function executeRun(order: RunOrder, ports: RunPorts, control: RunControl): Promise<RunResult> {
  const run = new RunContext(order, ports, await ports.backend.engine());
  try {
    return await execute(run, control);
  } finally {
    run.over.abort();
  }
}

async function execute(run: RunContext, control: RunControl): Promise<RunResult> {
  const asked = new Set<StopReason>();
  control.onStop((reason) => {
    asked.add(reason);
    run.cancelled.abort();
  });
  const hadEnded = run.state.outcome !== null;
  const [resume] = await Promise.all([beginRun(run), run.engine.acquaint()]);
  const refused: RunResult = { outcome: 'failed', exitCode: REFUSED };
  if (resume === undefined && run.order.previous !== undefined) {
    return leaveAsItWas(run, hadEnded, asked.size === 0 ? refused : runEnd(asked, [], control.signal));
  }
  if (resume === undefined && asked.size === 0) return end(run, refused);
  run.join(joinWork(run.plan.trials, run.state));
  const labels = { [LABEL.run]: run.plan.run };
  const watch = await watchContainers(run.engine, labels, run.ports.clock, run.over.signal, listenerOf(run));
  run.background(watch.done);
  const admitting = new Admitting(run, Math.max(0, run.engineFacts.memory - run.plan.capacity.memory));
  admitting.noteCapacity();
  if (resume !== undefined) await adoptContainers(run, resume);
  control.onStop((reason, force) => stopRun(run, reason, force));
  await runTrials(run, admitting);
  if (run.reasons.has('killed')) await clearKilled(run);
  const unstored = await storeResults(run, control);
  const states = run.works.map(({ planned, status }) => ({ kind: planned.kind, state: status.state }));
  return end(run, runEnd(run.reasons, states, control.signal, unstored));
}

/**
 * A resume that did not begin: its trials may live, and are nothing that has ended or was skipped. A run without an end
 * still has none then; of one that had ended, the end stays the last line of its journal.
 */
async function leaveAsItWas(run: RunContext, hadEnded: boolean, result: RunResult): Promise<RunResult> {
  run.over.abort();
  const { outcome, exitCode } = run.state;
  if (hadEnded) {
    await run.record({
      type: 'run.ended',
      ...(outcome === null ? result : { outcome, exitCode: exitCode ?? 0 }),
    });
  }
  run.throwBug();
  return result;
}

/** Waits for results that are not stored yet; whoever asks the run to end meanwhile asks for less of that. */
async function storeResults(run: RunContext, control: RunControl): Promise<number> {
  if (run.ports.results === undefined) return 0;
  await removeNetworks(run);
  const hurry = new AbortController();
  let waiting = false;
  control.onStop((_reason, force) => {
    if (waiting || force) hurry.abort();
  });
  waiting = true;
  return run.ports.results.over(hurry.signal);
}

async function end(run: RunContext, result: RunResult): Promise<RunResult> {
  run.over.abort();
  await removeNetworks(run);
  await run.record({ type: 'run.ended', ...result });
  run.throwBug();
  return result;
}

/** Events and looks only say where to look again; who drives the attempt asks the engine. */
function listenerOf(run: RunContext): WatchListener {
  return {
    onEvent: (event) => {
      const attempt = run.attemptOf(event);
      if (attempt === undefined) return;
      // Somebody's container may have inherited the labels from an image that ours was committed to.
      if (attempt.container !== undefined && attempt.container !== event.container) return;
      switch (event.kind) {
        case 'started':
          attempt.startedAt ??= new Date(event.time).toISOString();
          return;
        case 'healthy':
          return ifRunning(attempt, () => becomeHealthy(run, attempt));
        case 'unhealthy':
          return ifRunning(attempt, () => becomeUnhealthy(run, attempt));
        case 'ended':
        case 'removed':
          return hearEnd(attempt);
        case 'oom':
          attempt.oomHeard = true;
          attempt.bell.ring();
          return;
      }
    },
    onLook: (containers) => {
      const running = new Set<string>();
      for (const { id, status } of containers) if (status === 'running') running.add(id);
      for (const attempt of run.attempts.values()) {
        if (attempt.phase !== 'running' || attempt.container === undefined) continue;
        if (!running.has(attempt.container)) hearEnd(attempt);
        // A health event may have been lost.
        else if (!attempt.healthy && hasHealth(run, attempt)) attempt.bell.ring();
      }
    },
  };
}

/** Its trial, or its image, has a healthcheck; of others there is nothing to ask. */
function hasHealth(run: RunContext, { work }: Attempt): boolean {
  const { healthcheck, image } = work.planned.trial;
  return healthcheck !== undefined || run.images.get(image)?.hasHealthcheck === true;
}

/** Health is heard of before the answer to the start is, now and then: then the first look tells it. */
function ifRunning(attempt: Attempt, action: () => void): void {
  if (attempt.phase === 'running') action();
  else attempt.bell.ring();
}
