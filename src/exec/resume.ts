import type { ContainerSummary } from '../backend/backend.js';
import { LABEL } from '../model/labels.js';
import type { RunState, TrialStatus } from '../model/run-state.js';
import type { PlannedTrial } from '../plan/plan.js';

/** What to do about one trial when a run goes on. */
export type Resumption =
  /** It succeeded as it is now: nothing. */
  | { readonly kind: 'done' }
  /** Its container lives, or has ended while nobody watched, or was only made: driven on under the same attempt. */
  | { readonly kind: 'adopt'; readonly container: ContainerSummary; readonly attempt: number }
  /** It was running, and its container is gone. */
  | { readonly kind: 'lost' }
  /** Its next attempt is to come, whatever was before. */
  | { readonly kind: 'again' };

export interface ResumePlan {
  readonly trials: ReadonlyMap<string, Resumption>;
  /** Containers of earlier attempts and of trials that are no more: removed before anything starts. */
  readonly stale: readonly ContainerSummary[];
}

/** Decides from what is on the engine and what the journal says; changes nothing. */
export function planResume(
  planned: readonly PlannedTrial[],
  previous: RunState | undefined,
  containers: readonly ContainerSummary[],
): ResumePlan {
  const ours = containers.filter((container) => container.ours !== undefined);
  const byTrial = new Map<string, ContainerSummary[]>();
  for (const container of ours) {
    const trial = container.ours?.trial ?? '';
    byTrial.set(trial, [...(byTrial.get(trial) ?? []), container]);
  }
  const trials = new Map<string, Resumption>();
  const used = new Set<ContainerSummary>();
  for (const one of planned) {
    const { name } = one.trial;
    const status = previous?.trials.get(name);
    const found = (byTrial.get(name) ?? []).toSorted((a, b) => attemptOf(b) - attemptOf(a));
    const resumption = resumeTrial(one, status, found[0]);
    trials.set(name, resumption);
    if (resumption.kind === 'adopt') used.add(resumption.container);
    // What was kept for a look stays, unless its name is needed.
    if (resumption.kind === 'done' && status?.kept === true && found[0] !== undefined) used.add(found[0]);
  }
  return { trials, stale: ours.filter((container) => !used.has(container)) };
}

function resumeTrial(
  planned: PlannedTrial,
  status: TrialStatus | undefined,
  container: ContainerSummary | undefined,
): Resumption {
  const open = status?.state === 'starting' || status?.state === 'running';
  if (container !== undefined) {
    const attempt = attemptOf(container);
    const recorded = status !== undefined && !open && attempt <= status.attempt;
    const unchanged = container.labels[LABEL.fingerprint] === planned.fingerprint;
    if (!recorded && unchanged) return { kind: 'adopt', container, attempt };
  }
  if (open && status.container !== null && container === undefined) return { kind: 'lost' };
  const done =
    planned.kind === 'batch' && status?.state === 'succeeded' && status.fingerprint === planned.fingerprint;
  return { kind: done ? 'done' : 'again' };
}

function attemptOf(container: ContainerSummary): number {
  return container.ours?.attempt ?? 0;
}
