import { setMaxListeners } from 'node:events';
import pLimit, { type LimitFunction } from 'p-limit';
import type { ContainerEvent, ContainerSummary, EngineFacts } from '../backend/backend.js';
import type { EngineOutage, NewRunEvent, StopReason } from '../model/event.js';
import { LABEL } from '../model/labels.js';
import { fold, isEnded, newRunState, type RunState } from '../model/run-state.js';
import type { ObservedImage, Plan } from '../plan/plan.js';
import { Bell } from '../util/bell.js';
import type { Attempt } from './attempt.js';
import { EngineLink, type Outage } from './engine-link.js';
import type { RunOrder, RunPorts } from './execute.js';
import { Ledger } from './ledger.js';
import { LogStreams } from './log-streams.js';
import { PeakSampler } from './peaks.js';
import { secretMask } from './secrets.js';
import { StartWindow } from './start-window.js';
import type { TrialWork } from './trial-work.js';

/** Attempts whose ends are recorded and cleared up at once: as many removals as the engine makes use of. */
const FINISHING = 16;

/** What all parts of one execution share. */
export class RunContext {
  readonly state: RunState;
  /** As ordered; planned anew once images have been pulled, for what is in them matters. */
  plan: Plan;
  readonly engine: EngineLink;
  readonly ledger: Ledger;
  readonly window = new StartWindow();
  readonly finishing: LimitFunction = pLimit(FINISHING);
  /** Whether something may start or end: the main loop looks again. */
  readonly bell = new Bell();
  /** More might have been admitted, had more starts been allowed at once. */
  heldByWindow = false;
  /** Since the last look for what can be admitted something has changed. */
  admissible = true;
  /** Aborted when the run is over. */
  readonly over = new AbortController();
  /** Aborted when the run is not to begin any more: ends pulls. */
  readonly cancelled = new AbortController();
  readonly logs: LogStreams;
  readonly peaks: PeakSampler;
  readonly mask: (text: string) => string;
  /** Set once the run has begun (see execute.ts). */
  works: readonly TrialWork[] = [];
  services: readonly TrialWork[] = [];
  images: ReadonlyMap<string, ObservedImage> = new Map();
  networks: ReadonlyMap<string, string> = new Map();
  /** It was said that names of results were changed. */
  saidRenamed = false;
  /** Attempts under way, by trial. */
  readonly attempts = new Map<string, Attempt>();
  /** Containers kept for a look, by failure signature. */
  readonly kept = new Map<string, number>();
  /** Why nothing more is admitted. */
  readonly reasons = new Set<StopReason>();
  /** Trials that have ended since the main loop last looked. */
  readonly justEnded: TrialWork[] = [];
  /** How many trials, and how many batch trials of them, have not ended. */
  left = 0;
  batchLeft = 0;
  #bug: { readonly error: unknown } | undefined;

  constructor(
    readonly order: RunOrder,
    readonly ports: RunPorts,
    readonly engineFacts: EngineFacts,
  ) {
    // Every trial may wait for these; more than ten listeners are no leak here.
    setMaxListeners(0, this.over.signal, this.cancelled.signal);
    this.plan = order.plan;
    this.state = order.previous ?? newRunState();
    ports.journal.onEvent((event) => fold(this.state, event));
    const told = {
      lost: (message: string) => this.note({ type: 'engine.lost', message }),
      back: (outage: EngineOutage | undefined) =>
        this.note({ type: 'engine.back', ...(outage === undefined ? {} : { outage }) }),
    };
    const runsOn = () => this.#somethingRunsOn();
    this.engine = new EngineLink(ports.backend, ports.clock, told, runsOn, this.state.outages);
    const background = (work: Promise<void>) => this.background(work);
    this.logs = new LogStreams(ports.clock, this.over.signal, background);
    this.peaks = new PeakSampler(this.engine, ports.clock, this.over.signal, background);
    this.ledger = new Ledger(order.plan);
    this.mask = secretMask(
      { ...credentialsOf(order.storeEnv), ...order.secrets },
      order.plan.trials.map((planned) => planned.trial),
    );
  }

  /** When the engine may have been away, by its own clock: so are the times of its containers. */
  get outages(): readonly Outage[] {
    const { ahead } = this.engineFacts;
    const byItsClock = ({ heard, from, to }: Outage) => ({
      heard: heard + ahead,
      from: from + ahead,
      to: to + ahead,
    });
    return this.engine.outages.map(byItsClock);
  }

  /** The trials, once the journal knows them. */
  join(works: readonly TrialWork[]): void {
    const left = works.filter((work) => !isEnded(work.status.state));
    this.works = works;
    this.services = works.filter((work) => work.planned.kind === 'service');
    this.left = left.length;
    this.batchLeft = left.filter((work) => work.planned.kind === 'batch').length;
    // A resumed run may find some that wait for one that has already failed.
    this.justEnded.push(...works.filter((work) => isEnded(work.status.state)));
  }

  get stopping(): boolean {
    return this.reasons.size > 0;
  }

  now(): number {
    return this.ports.clock.now();
  }

  /** Records what need not be on disk before something else happens. */
  note(event: NewRunEvent): void {
    this.background(this.ports.journal.append(event).then(() => {}));
  }

  /** Records what must be on disk before something else happens. */
  async record(event: NewRunEvent): Promise<void> {
    await this.ports.journal.append(event, { sync: true });
  }

  /** Lets something go on by itself; what it throws is a bug, or a record that can't be written, and ends the run. */
  background(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#bug ??= { error };
      this.bell.ring();
    });
  }

  /** Throws what went wrong in the background. */
  throwBug(): void {
    if (this.#bug !== undefined) throw this.#bug.error;
  }

  /** Something has changed that may let a trial be admitted. */
  mayAdmit(): void {
    this.admissible = true;
    this.bell.ring();
  }

  /** Has the main loop look for what it can admit after a while. */
  mayAdmitIn(milliseconds: number): void {
    this.background(this.ports.clock.sleep(milliseconds, this.over.signal).then(() => this.mayAdmit()));
  }

  /** Of what was running when the engine was last heard of; says nothing where containers outlive it. */
  async #somethingRunsOn(): Promise<boolean> {
    if (this.engineFacts.liveRestore) return false;
    const ran = new Set<string>();
    for (const { phase, container } of this.attempts.values()) {
      if (phase === 'running' && container !== undefined) ran.add(container);
    }
    const there = await this.ports.backend.list({ [LABEL.run]: this.plan.run }, 'new');
    return there.some(({ id, status }) => status === 'running' && ran.has(id));
  }

  /** The attempt that a container is; undefined = none that is under way. */
  attemptOf(container: Pick<ContainerEvent | ContainerSummary, 'labels'>): Attempt | undefined {
    const { 'combu.trial': trial, 'combu.attempt': number } = container.labels;
    const attempt = trial === undefined ? undefined : this.attempts.get(trial);
    return attempt?.number === Number(number) ? attempt : undefined;
  }
}

/** Region and address are no secrets, and would blot out what has nothing to do with them. */
function credentialsOf(storeEnv: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(storeEnv).filter(([name]) => /KEY|TOKEN/.test(name)));
}
