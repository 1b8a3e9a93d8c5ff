import type { RunState, TrialStatus } from '../model/run-state.js';
import type { Condition } from '../model/trial.js';
import type { PlannedTrial } from '../plan/plan.js';

/** A planned trial with how far it has come: what all decisions of a run are made from. */
export interface TrialWork {
  readonly planned: PlannedTrial;
  readonly name: string;
  /** Its place in the file. */
  readonly order: number;
  /** As the journal tells it; changed by `fold` alone. */
  readonly status: TrialStatus;
  readonly depends: readonly { readonly work: TrialWork; readonly condition: Condition }[];
  /** Those that name it in `depends`. */
  readonly dependents: readonly TrialWork[];
  /** Services that must run with it, directly or through other services. */
  readonly needs: readonly TrialWork[];
  /** Those that have it among their `needs`; empty for a batch trial. */
  readonly neededBy: readonly TrialWork[];
  /** Starts on its own account: a batch trial, or a service that nobody names. */
  readonly root: boolean;
  /** An attempt of it is under way: from its admission to the end of its clearing up. */
  underWay: boolean;
  /** When its back-off is over, on the run's clock (milliseconds). */
  dueAt: number;
  /** How often, and since when, others that came later were admitted while it was ready. */
  overtaken: number;
  overtakenSince: number | undefined;
}

/** Joins a plan and a run's state, in the file's order. Every trial of the plan must be in the state. */
export function joinWork(planned: readonly PlannedTrial[], state: RunState): readonly TrialWork[] {
  const works = planned.map((one, order) => ({
    planned: one,
    order,
    name: one.trial.name,
    status: state.trials.get(one.trial.name)!,
    depends: [] as { work: TrialWork; condition: Condition }[],
    dependents: [] as TrialWork[],
    needs: [] as TrialWork[],
    neededBy: [] as TrialWork[],
    root: one.kind === 'batch',
    underWay: false,
    dueAt: 0,
    overtaken: 0,
    overtakenSince: undefined,
  }));
  const byName = new Map(works.map((work) => [work.name, work]));
  for (const work of works) {
    for (const { trial, condition } of work.planned.depends) {
      const other = byName.get(trial)!;
      work.depends.push({ work: other, condition });
      other.dependents.push(work);
    }
    for (const name of work.planned.needs) {
      const service = byName.get(name)!;
      work.needs.push(service);
      service.neededBy.push(work);
    }
  }
  for (const work of works) if (work.neededBy.length === 0) work.root = true;
  return works;
}
