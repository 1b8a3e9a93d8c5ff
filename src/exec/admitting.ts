import type { Request } from '../model/resources.js';
import { formatSize } from '../util/size.js';
import { admit, type Candidate, isImpatient } from './admission.js';
import { Attempt } from './attempt.js';
import { conductAttempt, createContainer } from './drive.js';
import {
  addDemands,
  demandOf,
  type Elsewhere,
  NOTHING_ELSEWHERE,
  sameElsewhere,
  takesBudget,
} from './ledger.js';
import { conditionsMet, groupOf, groupReady, wantsStart } from './ready.js';
import { nextMemory } from './retry.js';
import type { RunContext } from './run-context.js';
import type { TrialWork } from './trial-work.js';

/** What is held elsewhere, or by programs that are not combu's, changes without a word to us: looked at so often (milliseconds). */
const LOOK_ELSEWHERE = 1_000;

type Group = readonly TrialWork[];

/** Admits what is ready and fits, and lets it begin. */
export class Admitting {
  #elsewhere: Elsewhere = NOTHING_ELSEWHERE;
  #reserved: string | null = null;
  #lookAt = 0;

  constructor(
    private readonly run: RunContext,
    /** Bytes of the machine's memory that are kept free. */
    private readonly memoryReserve: number,
  ) {}

  /** Tells the journal what there is to be given out. */
  noteCapacity(): void {
    const { capacity, jobs } = this.run.plan;
    this.run.note({
      type: 'run.capacity',
      capacity,
      elsewhere: this.#elsewhere.request,
      jobs: jobs ?? null,
    });
  }

  /** One look: resolves when what it admitted is under way. */
  async admitReady(): Promise<void> {
    const { run } = this;
    if (run.stopping || run.window.free === 0) return;
    const candidates = this.#candidates();
    if (candidates.length === 0) return this.#keepFor(undefined);
    const memoryLow = candidates.some((one) => one.demand.unmeasured) ? await this.#memoryLow() : undefined;
    if (!candidates.some((one) => takesBudget(one.demand))) {
      for (const attempt of this.#choose(candidates, memoryLow)) run.background(driveAttempt(run, attempt));
      return;
    }
    // A look at what is used, and the creates after it, are one step to all combus of the engine.
    if (!this.#mayFit(candidates, memoryLow)) return;
    const attempts = await run.ports.backend.exclusively(async () => {
      await this.#lookElsewhere();
      // While it waited for the lock, trials may have ended or been called off.
      const chosen = run.stopping ? [] : this.#choose(this.#candidates(), memoryLow);
      await Promise.all(chosen.map((attempt) => createContainer(run, attempt)));
      return chosen;
    });
    for (const attempt of attempts) run.background(conductAttempt(run, attempt));
  }

  /** Ready trials with the services that start with them, in the file's order. */
  #candidates(): Candidate<Group>[] {
    const now = this.run.now();
    const found: Candidate<Group>[] = [];
    for (const work of this.run.works) {
      if (!wantsStart(work, now)) continue;
      const group = groupOf(work);
      if (!groupReady(group)) continue;
      // A service that two ready trials need counts for both: it may be that only one of them is admitted.
      const demand = addDemands(group.map((member) => this.#demand(member)));
      found.push({ of: group, demand, impatient: isImpatient(work, now) });
    }
    return found;
  }

  #demand(work: TrialWork) {
    return demandOf(work.planned, this.#request(work), this.run.plan.run);
  }

  #request(work: TrialWork): Request {
    const { request, trial } = work.planned;
    const history = this.run.histories.get(work.name);
    if (history === undefined) return request;
    const memory = nextMemory(
      request.memory,
      trial.retries.memoryFactor,
      history,
      this.run.plan.capacity.memory,
    );
    return { ...request, memory };
  }

  /** Decides, and takes what it decided out of what is free. */
  #choose(candidates: readonly Candidate<Group>[], memoryLow: string | undefined): Attempt[] {
    const { run } = this;
    const room = run.ledger.room(this.#elsewhere, memoryLow);
    const { admitted, keptFor, overtaken } = admit(candidates, room, run.window.free);
    const now = run.now();
    for (const group of overtaken) {
      const work = group.at(-1)!;
      work.overtaken += 1;
      work.overtakenSince ??= now;
    }
    this.#keepFor(keptFor?.at(-1));
    if (admitted.length < candidates.length) this.#lookAgain(memoryLow);
    // The next look counts shared services once.
    if (admitted.some((group) => group.length > 1)) run.bell.ring();
    return admitted.flatMap((group) =>
      group.filter((work) => !work.underWay).map((work) => this.#take(work)),
    );
  }

  #take(work: TrialWork): Attempt {
    const { run } = this;
    const request = this.#request(work);
    const devices = run.ledger.freeDevices(this.#elsewhere).slice(0, request.gpus);
    const attempt = new Attempt(work, work.status.attempt + 1, request, devices, this.#demand(work));
    attempt.mayStart = conditionsMet(work);
    work.underWay = true;
    work.overtaken = 0;
    work.overtakenSince = undefined;
    run.attempts.set(work.name, attempt);
    run.ledger.hold(attempt);
    return attempt;
  }

  /** Whether anything fits as far as this run knows; spares the lock when it is full of our own. */
  #mayFit(candidates: readonly Candidate<Group>[], memoryLow: string | undefined): boolean {
    const own = this.run.ledger.room(NOTHING_ELSEWHERE, memoryLow);
    if (admit(candidates, own, 1).admitted.length > 0) return true;
    this.#keepFor(candidates.find((one) => one.impatient)?.of.at(-1));
    this.#lookAgain(memoryLow);
    return false;
  }

  #keepFor(work: TrialWork | undefined): void {
    const name = work?.name ?? null;
    if (name === this.#reserved) return;
    this.#reserved = name;
    this.run.note({ type: 'admission.reserved', trial: name });
  }

  /** What waits for something that nobody tells us of is looked at again after a while. */
  #lookAgain(memoryLow: string | undefined): void {
    const { request, devices } = this.#elsewhere;
    if (memoryLow === undefined && !takesBudget({ ...request, gpus: devices.length })) return;
    const now = this.run.now();
    if (this.#lookAt > now) return;
    this.#lookAt = now + LOOK_ELSEWHERE;
    this.run.ringIn(LOOK_ELSEWHERE);
  }

  async #lookElsewhere(): Promise<void> {
    const { run } = this;
    const containers = await run.engine.call((backend) => backend.list({}));
    const request = { cpus: 0, memory: 0, gpus: 0 };
    const devices: string[] = [];
    for (const container of containers) {
      if (container.ours === undefined || container.ours.run === run.plan.run) continue;
      if (container.status === 'ended') continue;
      request.cpus += container.request.cpus;
      request.memory += container.request.memory;
      devices.push(...container.request.gpus);
    }
    const elsewhere = { request: { ...request, gpus: devices.length }, devices: devices.sort() };
    if (sameElsewhere(elsewhere, this.#elsewhere)) return;
    this.#elsewhere = elsewhere;
    this.noteCapacity();
  }

  async #memoryLow(): Promise<string | undefined> {
    const available = await this.run.engine.call((backend) => backend.availableMemory());
    if (available === undefined || available > this.memoryReserve) return undefined;
    return `memory: the machine has ${formatSize(available)} available, ${formatSize(this.memoryReserve)} is kept free`;
  }
}

async function driveAttempt(run: RunContext, attempt: Attempt): Promise<void> {
  await createContainer(run, attempt);
  await conductAttempt(run, attempt);
}
