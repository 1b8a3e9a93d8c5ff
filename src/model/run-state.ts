import type { Setting } from './assignment.js';
import type {
  AgainCause,
  AttemptEnd,
  DiskRoom,
  EngineOutage,
  LowMemory,
  Outcome,
  RunEvent,
  RunOutcome,
  SkipCause,
  StopCause,
  StopReason,
} from './event.js';
import { type Capacity, NO_REQUEST, type Request } from './resources.js';
import type { Sample } from './sample.js';
import type { Condition, TrialKind } from './trial.js';

/**
 * A trial's state. Only forward, but for a retry:
 *
 *   pending ─► starting ─► running ─► succeeded | failed | oom | timeout | killed | lost | stopped
 *      │           ▲          │
 *      ▼           └─ retrying┘
 *   skipped
 *
 * `ready` (a pending trial whose dependencies are met) is not in the journal: it follows from the others' states
 * (`isReady`). `retrying` is between two attempts; people see it as `pending`, with a note.
 */
export type TrialState = 'pending' | 'starting' | 'running' | 'retrying' | Outcome | 'skipped';

export interface TrialStatus {
  readonly name: string;
  readonly kind: TrialKind;
  readonly depends: readonly string[];
  /** Of each in `depends`, in the same order. */
  readonly conditions: readonly Condition[];
  state: TrialState;
  healthy: boolean;
  /** Number of the latest attempt; 0 = none yet. */
  attempt: number;
  container: string | null;
  fingerprint: string | null;
  /** The fingerprint taken apart; null = no record of that. */
  parts: Readonly<Record<string, string>> | null;
  request: Request;
  devices: readonly string[];
  ports: Readonly<Record<string, string>>;
  /** Between two attempts: when the next one may start, ISO 8601. */
  retryAt: string | null;
  /** Since when it is starting, running or retrying, ISO 8601. */
  since: string | null;
  startedAt: string | null;
  finishedAt: string | null;
  /** Why it ended or was skipped, one phrase. */
  cause: string;
  skip: SkipCause | null;
  /** What it was when it last succeeded, where it has been begun anew since as something else. */
  success: TrialStatus | null;
  /** The latest attempt's end. */
  end: AttemptEnd | null;
  /** How its attempts ended, oldest first, since it was last begun anew: what `retries` are counted by. */
  outcomes: readonly Outcome[];
  stopping: StopCause | null;
  /** When it was first asked to stop, ISO 8601; null = it was not. */
  stoppingSince: string | null;
  /** Number of the latest attempt whose end is recorded; 0 = none yet. */
  lastEnded: number;
  /** Container of the latest attempt is still on the engine for a look. */
  kept: boolean;
}

/** Where a run's results go besides its folder, and how far that has come. */
export interface StoredResults {
  readonly address: string;
  readonly endpoint: string | null;
  readonly region: string | null;
  readonly stored: number;
  readonly bytes: number;
  readonly waiting: number;
  readonly trouble: string | null;
}

/** What a reference of the file means in a run. */
export interface RecordedImage {
  readonly id: string;
  readonly digest: string | null;
  /** Ids that it had before, and that trials which are done were made of. */
  readonly earlier: readonly string[];
}

/** Everything known of a run from its journal alone. Made and changed only by `fold`. */
export interface RunState {
  run: string;
  experiment: string;
  name: string;
  file: string;
  host: string;
  comment: string | undefined;
  tags: Readonly<Record<string, string>>;
  startedAt: string;
  /** When its latest supervisor began: differs from startedAt in a run that was resumed. */
  supervisedSince: string;
  endedAt: string | null;
  outcome: RunOutcome | null;
  exitCode: number | null;
  stopping: StopReason | null;
  /** What it was halted by, one phrase: `3 trials failed`. */
  haltedBy: string | null;
  capacity: Capacity | null;
  /** What other runs on the engine held when last looked at. */
  elsewhere: Request;
  /** Endpoints that others' containers take of the run's networks, by name. */
  endpointsElsewhere: Readonly<Record<string, number>>;
  jobs: number | null;
  reservedFor: string | null;
  memoryLow: LowMemory | null;
  /** The disk that there is too little room on to start anything. */
  diskLow: DiskRoom | null;
  /** Admission waits for its turn to look at what is free on the engine. */
  awaitsTurn: boolean;
  engineLost: string | null;
  /** In which the engine may have stopped, oldest first. */
  readonly outages: EngineOutage[];
  /** Its trials are but a few of the experiment's; null = they are all. */
  sample: Sample | null;
  /** What was set over the file when it was resumed. */
  settings: readonly Setting[];
  /** null = they stay in the run's folder. */
  results: StoredResults | null;
  readonly images: Map<string, RecordedImage>;
  readonly pulling: Set<string>;
  readonly networks: Map<string, string>;
  readonly trials: Map<string, TrialStatus>;
  readonly warnings: string[];
  /** Time of the latest event, ISO 8601. */
  lastEvent: string;
}

export function newRunState(): RunState {
  return {
    run: '',
    experiment: '',
    name: '',
    file: '',
    host: '',
    comment: undefined,
    tags: {},
    startedAt: '',
    supervisedSince: '',
    endedAt: null,
    outcome: null,
    exitCode: null,
    stopping: null,
    haltedBy: null,
    capacity: null,
    elsewhere: NO_REQUEST,
    endpointsElsewhere: {},
    jobs: null,
    reservedFor: null,
    memoryLow: null,
    diskLow: null,
    awaitsTurn: false,
    engineLost: null,
    outages: [],
    sample: null,
    settings: [],
    results: null,
    images: new Map(),
    pulling: new Set(),
    networks: new Map(),
    trials: new Map(),
    warnings: [],
    lastEvent: '',
  };
}

/** One phrase for people: `dependency loader: failed`. */
export function skipPhrase(cause: SkipCause): string {
  if (cause.kind === 'dependency') return `dependency ${cause.trial}: ${cause.state}`;
  return cause.kind === 'removed' ? 'no longer in the file' : cause.kind;
}

/** Whether no attempt of the trial can follow in this run. */
export function isEnded(state: TrialState): boolean {
  switch (state) {
    case 'pending':
    case 'starting':
    case 'running':
    case 'retrying':
      return false;
    case 'succeeded':
    case 'failed':
    case 'oom':
    case 'timeout':
    case 'killed':
    case 'lost':
    case 'stopped':
    case 'skipped':
      return true;
  }
}

/**
 * Takes one event into the state, in place (a journal of 10,000 trials has 60,000 events: copying would be quadratic).
 * The same function serves the supervisor, `status`, the display and resume, so they can't disagree.
 */
export function fold(state: RunState, event: RunEvent): RunState {
  state.lastEvent = event.time;
  switch (event.type) {
    case 'run.started':
      state.run = event.run;
      state.experiment = event.experiment;
      state.name = event.name;
      state.file = event.file;
      state.host = event.host;
      state.comment = event.comment ?? state.comment;
      state.tags = event.tags;
      if (state.startedAt === '') state.startedAt = event.time;
      state.supervisedSince = event.time;
      state.endedAt = null;
      state.outcome = null;
      state.exitCode = null;
      state.stopping = null;
      state.haltedBy = null;
      state.engineLost = null;
      state.sample = event.sample ?? null;
      state.settings = event.settings ?? [];
      state.memoryLow = null;
      state.diskLow = null;
      state.awaitsTurn = false;
      for (const trial of event.trials) {
        const before = state.trials.get(trial.name);
        if (before === undefined) state.trials.set(trial.name, newTrial(trial));
        else if (trial.again === true) {
          const { attempt, container, kept } = before;
          // One that had ended is begun anew; one that was between two attempts has used some of its retries.
          const outcomes = isEnded(before.state) ? [] : before.outcomes;
          const success = successOf(before, trial.because);
          state.trials.set(trial.name, { ...newTrial(trial), attempt, container, kept, outcomes, success });
        } else
          state.trials.set(trial.name, {
            ...(trial.restored === true ? restored(before) : before),
            kind: trial.kind,
            depends: trial.depends,
            conditions: trial.conditions ?? [],
          });
      }
      return state;
    case 'run.capacity':
      state.capacity = event.capacity;
      state.elsewhere = event.elsewhere;
      state.endpointsElsewhere = event.endpoints ?? {};
      state.jobs = event.jobs;
      return state;
    case 'image.pulling':
      state.pulling.add(event.image);
      return state;
    case 'image.ready':
      state.pulling.delete(event.image);
      state.images.set(event.image, { id: event.id, digest: event.digest, earlier: event.earlier ?? [] });
      return state;
    case 'network.created':
      state.networks.set(event.name, event.id);
      return state;
    case 'network.removed':
      state.networks.delete(event.name);
      return state;
    case 'volume.created':
      return state;
    case 'attempt.intended': {
      const trial = trialOf(state, event.trial);
      trial.state = 'starting';
      trial.attempt = event.attempt;
      trial.fingerprint = event.fingerprint;
      trial.parts = event.parts ?? null;
      trial.request = event.request;
      trial.devices = event.devices;
      trial.since = event.time;
      trial.healthy = false;
      trial.container = null;
      trial.kept = false;
      trial.stopping = null;
      trial.stoppingSince = null;
      trial.startedAt = null;
      trial.finishedAt = null;
      trial.ports = {};
      trial.skip = null;
      trial.retryAt = null;
      trial.cause = '';
      return state;
    }
    case 'attempt.created':
      trialOf(state, event.trial).container = event.container;
      return state;
    case 'attempt.started': {
      const trial = trialOf(state, event.trial);
      trial.state = 'running';
      if (event.runsOn === true) {
        trial.stopping = null;
        trial.stoppingSince = null;
      }
      trial.since = event.startedAt;
      trial.startedAt = event.startedAt;
      trial.ports = event.ports;
      return state;
    }
    case 'attempt.healthy':
      trialOf(state, event.trial).healthy = true;
      return state;
    case 'attempt.stopping': {
      const trial = trialOf(state, event.trial);
      trial.stopping = event.why;
      // A later supervisor may say so again, of what an earlier word has ended by then.
      trial.stoppingSince ??= event.time;
      return state;
    }
    case 'attempt.ended': {
      const { v: _v, time: _time, type: _type, trial: name, attempt: _attempt, ...end } = event;
      const trial = trialOf(state, name);
      trial.end = end;
      trial.lastEnded = event.attempt;
      trial.outcomes = [...trial.outcomes, end.outcome];
      trial.startedAt = end.startedAt ?? trial.startedAt;
      trial.finishedAt = end.finishedAt;
      trial.stopping = null;
      trial.stoppingSince = null;
      return state;
    }
    case 'attempt.removed':
      trialOf(state, event.trial).container = null;
      trialOf(state, event.trial).kept = false;
      return state;
    case 'attempt.kept':
      trialOf(state, event.trial).kept = true;
      return state;
    case 'trial.retrying': {
      const trial = trialOf(state, event.trial);
      trial.state = 'retrying';
      trial.cause = event.why;
      trial.since = event.time;
      trial.retryAt = new Date(Date.parse(event.time) + event.delay).toISOString();
      return state;
    }
    case 'trial.ended': {
      const trial = trialOf(state, event.trial);
      trial.state = event.state;
      trial.cause = event.cause;
      if (event.state === 'succeeded') trial.success = null;
      return state;
    }
    case 'trial.skipped': {
      const trial = trialOf(state, event.trial);
      trial.state = 'skipped';
      trial.skip = event.cause;
      trial.cause = skipPhrase(event.cause);
      return state;
    }
    case 'admission.reserved':
      state.reservedFor = event.trial;
      return state;
    case 'results.store': {
      const { address, endpoint, region } = event;
      const counts = { stored: 0, bytes: 0, waiting: 0, trouble: null };
      state.results = { ...counts, ...state.results, address, endpoint, region };
      return state;
    }
    case 'results.progress': {
      const { stored, bytes, waiting } = event;
      if (state.results !== null) state.results = { ...state.results, stored, bytes, waiting };
      return state;
    }
    case 'results.trouble':
      if (state.results !== null) state.results = { ...state.results, trouble: event.message };
      return state;
    case 'admission.memory':
      state.memoryLow = event.low;
      return state;
    case 'admission.disk':
      state.diskLow = event.low;
      return state;
    case 'admission.turn':
      state.awaitsTurn = event.waiting;
      return state;
    case 'engine.lost':
      state.engineLost = event.message;
      return state;
    case 'engine.back':
      state.engineLost = null;
      if (event.outage !== undefined) state.outages.push(event.outage);
      return state;
    case 'run.stopping':
      state.stopping = event.reason;
      state.haltedBy = event.why ?? state.haltedBy;
      return state;
    case 'run.warning':
      state.warnings.push(event.message);
      return state;
    case 'run.ended':
      state.outcome = event.outcome;
      state.exitCode = event.exitCode;
      // It may stand there again after what was removed later: the first tells when.
      state.endedAt ??= event.time;
      return state;
  }
}

/** The success that may count again. Who asks for another one by name wants that one, whatever it comes to. */
function successOf(before: TrialStatus, because: AgainCause | undefined): TrialStatus | null {
  if (because?.kind === 'rerun' || because?.kind === 'below') return null;
  return before.state === 'succeeded' ? before : before.success;
}

/** Attempts are counted on, and what is kept of the latest one stays known. */
function restored(before: TrialStatus): TrialStatus {
  const { attempt, container, kept } = before;
  return { ...(before.success ?? before), attempt, container, kept, success: null };
}

function newTrial(trial: {
  readonly name: string;
  readonly kind: TrialKind;
  readonly depends: readonly string[];
  readonly conditions?: readonly Condition[];
}): TrialStatus {
  const { name, kind, depends, conditions = [] } = trial;
  return {
    name,
    kind,
    depends,
    conditions,
    state: 'pending',
    healthy: false,
    attempt: 0,
    container: null,
    fingerprint: null,
    parts: null,
    request: NO_REQUEST,
    devices: [],
    ports: {},
    retryAt: null,
    since: null,
    startedAt: null,
    finishedAt: null,
    cause: '',
    skip: null,
    success: null,
    end: null,
    outcomes: [],
    stopping: null,
    stoppingSince: null,
    lastEnded: 0,
    kept: false,
  };
}

function trialOf(state: RunState, name: string): TrialStatus {
  const trial = state.trials.get(name);
  if (trial !== undefined) return trial;
  // A journal of an edited experiment may speak of trials that the latest start no longer lists: they stay visible.
  const made = newTrial({ name, kind: 'batch', depends: [] });
  state.trials.set(name, made);
  return made;
}
