import type { Request } from '../model/resources.js';
import { isEnded } from '../model/run-state.js';
import { type Candidate, type Demand, isImpatient } from './admission.js';
import { addDemands, demandOf } from './ledger.js';
import { groupOf, groupReady, isUnstarted, wantsStart } from './ready.js';
import { nextMemory } from './retry.js';
import type { RunContext } from './run-context.js';
import type { TrialWork } from './trial-work.js';

/** A trial, last, and the services that are started with it. */
export type Group = readonly TrialWork[];

/**
 * The trials that ask to be admitted. They are looked through thousands of times in a run of thousands of trials, so
 * what does not change is kept: equal demands are one object, and so is what a trial without services to start asks for.
 */
export class Candidates {
  readonly #demands = new Map<string, Demand>();
  readonly #alone = new Map<TrialWork, Candidate<Group>>();
  /** Trials that may still be admitted, in the file's order; tidied now and then. */
  #open: readonly TrialWork[];
  readonly #overtaken = new Set<TrialWork>();
  readonly #growing: boolean;

  constructor(private readonly run: RunContext) {
    this.#open = run.works;
    this.#growing = run.works.some(({ planned }) => planned.trial.retries.memoryFactor !== 1);
    this.#know();
  }

  /**
   * How many different demands can come: once so many were refused, all are. Not known while trials may come with
   * services to start, or with more memory than before.
   */
  get demands(): number {
    const unknown =
      this.#growing || this.run.services.some((service) => !service.root && isUnstarted(service));
    return unknown ? Number.POSITIVE_INFINITY : this.#demands.size;
  }

  /** Those that are ready now, in the file's order. */
  *ready(): Generator<Candidate<Group>, void, void> {
    const now = this.run.now();
    let gone = 0;
    for (const work of this.#open) {
      if (work.underWay || !wantsStart(work, now)) gone += 1;
      else {
        const candidate = this.#candidate(work);
        if (groupReady(candidate.of)) yield candidate;
      }
    }
    if (gone > 64 && gone * 3 > this.#open.length * 2) this.#tidy();
  }

  /** The first that has been overtaken too often or for too long. */
  impatient(): Candidate<Group> | undefined {
    const now = this.run.now();
    let first: TrialWork | undefined;
    for (const work of this.#overtaken) {
      if (!isImpatient(work, now) || !wantsStart(work, now) || !groupReady(groupOf(work))) continue;
      if (first === undefined || this.run.works.indexOf(work) < this.run.works.indexOf(first)) first = work;
    }
    return first === undefined ? undefined : this.#candidate(first);
  }

  noteOvertaken(group: Group): void {
    const work = trialOf(group);
    work.overtaken += 1;
    work.overtakenSince ??= this.run.now();
    this.#overtaken.add(work);
  }

  noteAdmitted(work: TrialWork): void {
    work.overtaken = 0;
    work.overtakenSince = undefined;
    this.#overtaken.delete(work);
    // An attempt that ran out of memory is followed by one that asks for more.
    if (this.#growing) this.#alone.delete(work);
  }

  /** What the next attempt of a trial asks for. */
  request(work: TrialWork): Request {
    const { request, trial } = work.planned;
    const history = this.run.histories.get(work.name);
    if (history === undefined) return request;
    const { capacity } = this.run.plan;
    const memory = nextMemory(request.memory, trial.retries.memoryFactor, history, capacity.memory);
    return { ...request, memory };
  }

  demand(work: TrialWork): Demand {
    return this.#same(demandOf(work.planned, this.request(work), this.run.plan.run));
  }

  #candidate(work: TrialWork): Candidate<Group> {
    if (work.needs.some(isUnstarted)) {
      const group = groupOf(work);
      return { of: group, demand: this.#same(addDemands(group.map((member) => this.demand(member)))) };
    }
    let alone = this.#alone.get(work);
    if (alone === undefined) {
      alone = { of: [work], demand: this.demand(work) };
      this.#alone.set(work, alone);
    }
    return alone;
  }

  #same(demand: Demand): Demand {
    const key = JSON.stringify({ ...demand, endpoints: [...demand.endpoints] });
    const known = this.#demands.get(key);
    if (known === undefined) this.#demands.set(key, demand);
    return known ?? demand;
  }

  /** Drops what has ended, and with it demands that nobody has any more. */
  #tidy(): void {
    const open = this.#open.filter(({ status }) => !isEnded(status.state));
    if (open.length * 2 > this.#open.length) return;
    this.#open = open;
    this.#demands.clear();
    this.#alone.clear();
    this.#know();
  }

  #know(): void {
    for (const work of this.#open) this.#alone.set(work, { of: [work], demand: this.demand(work) });
  }
}

/** The trial for whose sake a group starts. */
export function trialOf(group: Group): TrialWork {
  return group[group.length - 1]!;
}
