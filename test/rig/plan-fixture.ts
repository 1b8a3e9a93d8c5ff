import { MemoryBackend, type MemoryEngine, memoryImage } from '../../src/backend/memory/memory-backend.js';
import type { Director, Script } from '../../src/backend/memory/script.js';
import type { DiskGauge } from '../../src/exec/disk-watch.js';
import type { RunOrder, RunResult } from '../../src/exec/execute.js';
import { executeRun } from '../../src/exec/execute-run.js';
import { MemoryJournal } from '../../src/journal/memory-journal.js';
import type { RunEvent, StopReason } from '../../src/model/event.js';
import type { Experiment } from '../../src/model/experiment.js';
import type { Resources } from '../../src/model/resources.js';
import { fold, newRunState, type RunState } from '../../src/model/run-state.js';
import type { Dependency, Trial } from '../../src/model/trial.js';
import { makePlan } from '../../src/plan/make-plan.js';
import type { Plan, Settled } from '../../src/plan/plan.js';
import type { ResultsSink } from '../../src/results/results-port.js';
import { FakeClock } from '../../src/util/fake-clock.js';

export const RUN = 'abcdefghijkl';

/** What a test says of a trial; the rest is as the spec reader has it where the file says nothing. */
export type TrialWords = Partial<Omit<Trial, 'depends' | 'resources'>> & {
  readonly name: string;
  readonly depends?: readonly (string | Dependency)[];
  readonly resources?: Partial<Resources>;
};

export function trial(words: TrialWords): Trial {
  const { depends = [], resources = {}, ...others } = words;
  return {
    image: 'solver:1',
    pull: 'missing',
    cmd: ['run'],
    entrypoint: undefined,
    env: {},
    workdir: undefined,
    user: undefined,
    labels: {},
    shm: undefined,
    init: undefined,
    pids: 4096,
    stopSignal: undefined,
    grace: 10_000,
    params: undefined,
    ports: [],
    volumes: [],
    networks: [],
    depends: depends.map((one) => (typeof one === 'string' ? { trial: one, condition: 'default' } : one)),
    healthcheck: undefined,
    service: undefined,
    resources: { cpus: undefined, memory: undefined, gpus: undefined, ...resources },
    timeout: undefined,
    stall: undefined,
    ownStall: false,
    retries: { max: 0, on: ['oom', 'timeout', 'exit'], backoff: 1_000, memoryFactor: 1 },
    outputs: [],
    place: undefined,
    ...others,
  };
}

export function experiment(trials: readonly TrialWords[], more: Partial<Experiment> = {}): Experiment {
  return {
    name: 'test',
    trials: trials.map(trial),
    parallelism: undefined,
    networks: {},
    volumes: {},
    halt: { kind: 'never' },
    keep: 'failed',
    results: undefined,
    tags: {},
    warnings: [],
    ...more,
  };
}

/** What the command line says that changes a plan. */
export interface PlanWords {
  readonly run?: string;
  readonly jobs?: number | undefined;
  readonly explicitJobs?: boolean;
  /** Bytes kept free. */
  readonly reserveMemory?: number;
  readonly settled?: Settled;
}

/** Plans as `run` does, against what the backend has now. Fails the test where the plan refuses. */
export async function planFor(
  backend: MemoryBackend,
  what: Experiment,
  options: PlanWords = {},
): Promise<Plan> {
  const images = new Map(
    await Promise.all(
      [...new Set(what.trials.map((one) => one.image))].map(
        async (reference) => [reference, (await backend.image(reference))!] as const,
      ),
    ),
  );
  const observed = {
    engine: await backend.engine(),
    gpus: await backend.gpus(),
    ...(await backend.survey()),
    images,
    unpullable: new Map(),
    busyPorts: new Set<string>(),
  };
  const plan = makePlan(what, observed, {
    run: options.run ?? RUN,
    experimentId: 'experiment',
    jobs: options.jobs ?? what.parallelism,
    explicitJobs: options.explicitJobs ?? false,
    reserve: { cpus: 0, memory: options.reserveMemory ?? 0 },
    leftovers: new Set(),
    settled: options.settled,
  });
  if (plan.refusals.length > 0) throw new Error(JSON.stringify(plan.refusals));
  return plan;
}

/** An order as the command line gives it where nothing special is asked for. */
export function orderFor(plan: Plan): RunOrder {
  return {
    plan,
    identity: { experiment: 'experiment', file: '/experiment.jsonnet', owner: '1000', run: plan.run },
    version: '0',
    host: 'host',
    comment: undefined,
    secrets: {},
    storeEnv: {},
    keep: plan.experiment.keep,
    halt: plan.experiment.halt,
    caller: { uid: 1000, root: true },
    logScale: 1,
    previous: undefined,
  };
}

/** Stops a run from outside, as Ctrl-C and `kill` do. */
export class Control {
  readonly #listeners: ((reason: StopReason, force: boolean) => void)[] = [];
  #asked: { reason: StopReason; force: boolean } | undefined;

  ask(reason: StopReason, force = false): void {
    this.#asked = { reason, force };
    for (const listener of this.#listeners) listener(reason, force);
  }

  onStop(listener: (reason: StopReason, force: boolean) => void): void {
    this.#listeners.push(listener);
    if (this.#asked !== undefined) listener(this.#asked.reason, this.#asked.force);
  }
}

/** One run on the memory engine, on a fake clock. */
export class TestRun {
  readonly clock = new FakeClock();
  readonly backend: MemoryBackend;
  readonly journal = new MemoryJournal(this.clock);
  readonly control = new Control();
  readonly state: RunState = newRunState();
  /** The disks that the run fills; none by default. */
  disks: DiskGauge | undefined;
  /** What is told of results; nobody by default. */
  results: ResultsSink | undefined;

  /** `scripts`: what each trial's container does, by trial, or by `trial.attempt`. */
  constructor(scripts: Readonly<Record<string, Partial<Script>>> = {}, engine: Partial<MemoryEngine> = {}) {
    const director: Director = ({ labels }) =>
      scripts[`${labels['combu.trial']}.${labels['combu.attempt']}`] ?? scripts[labels['combu.trial']!] ?? {};
    const images = new Map([['solver:1', memoryImage('solver:1')]]);
    this.backend = new MemoryBackend(this.clock, { director, images, ...engine });
    this.journal.onEvent((event) => fold(this.state, event));
  }

  plan(what: Experiment, words: PlanWords = {}): Promise<Plan> {
    return planFor(this.backend, what, words);
  }

  /** The whole run. */
  async run(what: Experiment, order: Partial<RunOrder> & PlanWords = {}): Promise<RunResult> {
    const { jobs, explicitJobs = false, ...others } = order;
    const plan = await this.clock.run(this.plan(what, { jobs, explicitJobs }));
    return this.clock.run(this.execute(plan, others));
  }

  /** Begins with a plan; the clock has to be run. */
  execute(plan: Plan, order: Partial<RunOrder> = {}): Promise<RunResult> {
    return executeRun(
      { ...orderFor(plan), ...order },
      {
        backend: this.backend,
        journal: this.journal,
        clock: this.clock,
        disks: this.disks,
        results: this.results,
      },
      this.control,
    );
  }

  /** When the latest line of the journal was written, on the run's clock. */
  lastEventAt(): number {
    return Date.parse(this.journal.events.at(-1)?.time ?? '');
  }

  /** `name: state (cause)` of every trial. */
  ends(): Record<string, string> {
    return Object.fromEntries(
      [...this.state.trials.values()].map(({ name, state, cause }) => [name, `${state} (${cause})`]),
    );
  }

  /** Events of one type, each cut down to the fields asked for. */
  events<T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[] {
    return this.journal.events.filter(
      (event): event is Extract<RunEvent, { type: T }> => event.type === type,
    );
  }

  /** Seconds since the run's start at which each `trial.attempt` started. */
  starts(): Record<string, number> {
    const begin = Date.parse(this.journal.events[0]!.time);
    return Object.fromEntries(
      this.events('attempt.started').map((event) => [
        `${event.trial}.${event.attempt}`,
        (Date.parse(event.startedAt) - begin) / 1000,
      ]),
    );
  }
}
