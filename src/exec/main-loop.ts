import { isEnded } from '../model/run-state.js';
import type { Admitting } from './admitting.js';
import { conditionsMet, isNeeded, neverStarts } from './ready.js';
import type { RunContext } from './run-context.js';
import { callOff, endUnstarted, notStarted, stopAttempt, trialEnded } from './stopping.js';

/** Goes on until every trial has ended and is cleared up: each time something has happened, all that follows from it. */
export async function runTrials(run: RunContext, admitting: Admitting): Promise<void> {
  for (;;) {
    run.throwBug();
    skipWhatCannotStart(run);
    startWhatMay(run);
    stopWhatNobodyNeeds(run);
    if (run.left === 0 && run.attempts.size === 0) return;
    if (run.admissible) {
      run.admissible = false;
      await admitting.admitReady();
    }
    await run.bell.wait();
  }
}

/** Ends that can't meet a condition any more take those with them that wait for it, and so on. */
function skipWhatCannotStart(run: RunContext): void {
  for (let ended = run.justEnded.pop(); ended !== undefined; ended = run.justEnded.pop()) {
    for (const work of ended.dependents) {
      if (isEnded(work.status.state)) continue;
      const cause = neverStarts(work);
      if (cause === undefined) continue;
      const attempt = run.attempts.get(work.name);
      if (attempt === undefined) endUnstarted(run, work, cause);
      else if (notStarted(attempt)) callOff(attempt, cause);
    }
  }
}

/** Trials that were admitted together with their services start once these are as they should be. */
function startWhatMay(run: RunContext): void {
  for (const attempt of run.attempts.values()) {
    if (attempt.mayStart || attempt.phase !== 'created' || !conditionsMet(attempt.work)) continue;
    attempt.mayStart = true;
    attempt.bell.ring();
  }
}

function stopWhatNobodyNeeds(run: RunContext): void {
  const onlyServices = run.works.every((work) => work.planned.kind === 'service');
  const batchLeft = onlyServices ? !run.stopping : run.batchLeft > 0;
  // From the last to the first: those that others are made of come later in this look.
  for (const service of run.services.toReversed()) {
    const { state } = service.status;
    if (isEnded(state) || isNeeded(service, batchLeft)) continue;
    const attempt = run.attempts.get(service.name);
    if (attempt !== undefined) {
      if (notStarted(attempt)) callOff(attempt, { kind: 'halted' });
      else if (attempt.stopped === undefined) {
        stopAttempt(run, attempt, 'unneeded', service.planned.trial.grace);
      }
    } else if (state === 'retrying') {
      endUnstarted(run, service, { kind: 'halted' });
    } else {
      run.note({ type: 'trial.ended', trial: service.name, state: 'stopped', cause: 'nobody needed it' });
      trialEnded(run, service);
    }
  }
}
