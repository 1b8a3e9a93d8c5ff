import type { Setting } from './assignment.js';
import type { Capacity, Request } from './resources.js';
import type { Sample } from './sample.js';
import type { Condition, TrialKind } from './trial.js';

/**
 * Why an attempt ended as it did.
 *
 * - `succeeded`: exit code 0 and every required output there.
 * - `failed`: exit code not 0, a missing output, could not start, or unhealthy before it was ever healthy.
 * - `oom`: exit code not 0 and the engine's record says that memory ran out.
 * - `timeout`: combu stopped it when its time was over, or when it had shown no sign of life for too long.
 * - `killed`: combu stopped it on somebody's word.
 * - `stopped`: a service that nobody needed any more.
 * - `lost`: its end can't be told from the engine's own.
 */
export type Outcome = 'succeeded' | 'failed' | 'oom' | 'timeout' | 'killed' | 'lost' | 'stopped';

/** Why a trial never started. */
export type SkipCause =
  | { readonly kind: 'dependency'; readonly trial: string; readonly state: Outcome | 'skipped' }
  /** `removed`: when its run was resumed, the file had no such trial any more. */
  | { readonly kind: 'halted' | 'interrupted' | 'killed' | 'deadline' | 'removed' };

/** Highest use seen while an attempt ran; `null` = never measured, which is not 0. */
export interface Peaks {
  /** Bytes, without inactive file pages. */
  readonly memory: number | null;
  /** Seconds of cpu time, all cores together. */
  readonly cpuSeconds: number | null;
}

export interface AttemptEnd {
  readonly outcome: Outcome;
  /** One short phrase for people: `exit 1`, `missing output results.json`, `killed by signal 9, not by combu`. */
  readonly cause: string;
  readonly exitCode: number | null;
  /** The engine's times, ISO 8601; null where it never ran. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly peaks: Peaks;
  /** Last line of its log, control characters stripped and secrets masked; empty if it wrote none. */
  readonly lastLine: string;
  /** What failures are grouped by: cause and last line with digits masked; empty for a success. */
  readonly signature: string;
  /** Bytes of log kept, and what was cut of it (null = nothing). */
  readonly log: {
    readonly bytes: number;
    readonly cut: { readonly from: string; readonly to: string } | null;
  };
  /** Said beside the outcome, such as "a child ran out of memory". */
  readonly note: string | undefined;
}

export type RunOutcome = 'succeeded' | 'failed' | 'halted' | 'killed' | 'interrupted';

/** Bytes of the machine's memory: what could be given now, and what is kept free of it. */
export interface LowMemory {
  readonly available: number;
  readonly kept: number;
}

/** Bytes of a disk: what is free of it, and what of that is kept free. */
export interface DiskRoom {
  /** A folder that is on it. */
  readonly folder: string;
  readonly free: number;
  readonly kept: number;
}

/**
 * Why a trial is run again in a resumed run, whatever it came to before.
 *
 * - `rerun`: asked for by name; `below`: one that it completes on is, or was, asked for.
 * - `ended`: it had ended without success, or is a service. `changed`: it had succeeded as something else.
 * - `under way`: its attempt was under way, or it waited for its next one, when its supervisor left.
 *
 * `parts`: what of its fingerprint has changed, as `cmd`, `env SEED`, `image`; empty where no record of that tells.
 */
export type AgainCause =
  | { readonly kind: 'rerun' }
  | { readonly kind: 'below'; readonly trial: string }
  | {
      readonly kind: 'ended';
      readonly state: Outcome | 'skipped';
      readonly parts: readonly string[];
    }
  | { readonly kind: 'changed' | 'under way'; readonly parts: readonly string[] };

/** The engine's last answer before it was away, and its first afterwards: ISO 8601. */
export interface EngineOutage {
  readonly heard: string;
  readonly back: string;
}

/** Why combu stopped a container. */
export type StopCause =
  | 'timeout'
  | 'stalled'
  | 'unneeded'
  | 'unhealthy'
  | 'interrupted'
  | 'deadline'
  | 'killed';

/** Why a run admits nothing more. */
export type StopReason = 'interrupted' | 'killed' | 'halted' | 'deadline';

/**
 * Every event a run can have: the one source of the journal, the display, `status` and `ps`.
 * A map from type to payload, so that switches over it are proved complete.
 */
export interface RunEvents {
  /** First line of every journal; a resumed run writes it again with `resumed: true`. */
  'run.started': {
    readonly run: string;
    readonly experiment: string;
    readonly name: string;
    readonly file: string;
    readonly host: string;
    readonly version: string;
    readonly comment: string | undefined;
    readonly tags: Readonly<Record<string, string>>;
    readonly resumed: boolean;
    readonly trials: readonly {
      readonly name: string;
      readonly kind: TrialKind;
      readonly depends: readonly string[];
      /** Of each in `depends`, in the same order. */
      readonly conditions?: readonly Condition[];
      /** In a resumed run: how it ended before does not count, it is run again. */
      readonly again?: boolean;
      /** Why, where there was something before. */
      readonly because?: AgainCause;
      /** It is again what it was when it last succeeded: that success counts, whatever came of it since. */
      readonly restored?: boolean;
    }[];
    /** Only a few of the experiment's trials are to run. */
    readonly sample?: Sample;
    /** What this and earlier resumes have set over the file; the later counts. */
    readonly settings?: readonly Setting[];
  };
  /** What admission may give out; again whenever it or what other runs hold (`elsewhere`) has changed. */
  'run.capacity': {
    readonly capacity: Capacity;
    readonly elsewhere: Request;
    /** Endpoints that others' containers take of the run's networks, by name; absent = none. */
    readonly endpoints?: Readonly<Record<string, number>>;
    readonly jobs: number | null;
  };
  'image.pulling': { readonly image: string };
  'image.ready': {
    readonly image: string;
    readonly id: string;
    readonly digest: string | null;
    readonly pulled: boolean;
    /** Ids that the reference had before in this run: what succeeded with them stays done. */
    readonly earlier?: readonly string[];
  };
  'network.created': { readonly name: string; readonly id: string };
  'network.removed': { readonly name: string };
  'volume.created': { readonly name: string };
  /** The attempt's container may exist from now on: synced before the create. `devices`: GPU ids. */
  'attempt.intended': {
    readonly trial: string;
    readonly attempt: number;
    readonly fingerprint: string;
    /** The fingerprint taken apart (see plan/fingerprint.ts). */
    readonly parts?: Readonly<Record<string, string>>;
    readonly request: Request;
    readonly devices: readonly string[];
  };
  'attempt.created': { readonly trial: string; readonly attempt: number; readonly container: string };
  'attempt.started': {
    readonly trial: string;
    readonly attempt: number;
    /** The engine's StartedAt, ISO 8601. */
    readonly startedAt: string;
    /** Host ports as bound: `8080/tcp` to `127.0.0.1:32768`. */
    readonly ports: Readonly<Record<string, string>>;
    /** It was to be stopped, and the supervisor died before the engine was told: a later one lets it run on. */
    readonly runsOn?: boolean;
  };
  'attempt.healthy': { readonly trial: string; readonly attempt: number };
  /** combu is about to stop it: synced before the engine is told. */
  'attempt.stopping': { readonly trial: string; readonly attempt: number; readonly why: StopCause };
  'attempt.ended': { readonly trial: string; readonly attempt: number } & AttemptEnd;
  'attempt.removed': { readonly trial: string; readonly attempt: number };
  'attempt.kept': { readonly trial: string; readonly attempt: number; readonly container: string };
  /** Another attempt follows after `delay` milliseconds. */
  'trial.retrying': {
    readonly trial: string;
    readonly attempt: number;
    readonly delay: number;
    readonly why: string;
  };
  /** The trial's end: no attempt follows. */
  'trial.ended': { readonly trial: string; readonly state: Outcome; readonly cause: string };
  'trial.skipped': { readonly trial: string; readonly cause: SkipCause };
  /** What is freed is kept for this trial: it was overtaken too often or waited too long. null = for nobody any more. */
  'admission.reserved': { readonly trial: string | null };
  /**
   * The machine has less memory available than is kept free, both in bytes: trials that say nothing of theirs wait.
   * null = no more.
   */
  'admission.memory': { readonly low: LowMemory | null };
  /** A disk that the run fills has less free than is kept free: nothing is started. null = no more. */
  'admission.disk': { readonly low: DiskRoom | null };
  /** Whether admission waits until another combu, or an earlier look of this one, is done with what is free on the engine. */
  'admission.turn': { readonly waiting: boolean };
  /** Where the run's results go, besides its folder; without credentials. */
  'results.store': {
    /** `s3://bucket/prefix`, or a folder. */
    readonly address: string;
    readonly endpoint: string | null;
    readonly region: string | null;
  };
  /** What of the results is durably stored, now and then. */
  'results.progress': {
    /** Objects, and their bytes. */
    readonly stored: number;
    readonly bytes: number;
    /** Files known not to be stored; at the run's end all of them. */
    readonly waiting: number;
  };
  /** The store takes nothing, and why; null = it does again. */
  'results.trouble': { readonly message: string | null };
  'engine.lost': { readonly message: string };
  /** `outage`: it may have stopped meanwhile, and containers with it. */
  'engine.back': { readonly outage?: EngineOutage };
  'run.stopping': {
    readonly reason: StopReason;
    readonly force: boolean;
    /** What it was halted by, one phrase: `3 trials failed`. */
    readonly why?: string;
  };
  'run.warning': { readonly message: string };
  /** Last line of the journal. */
  'run.ended': { readonly outcome: RunOutcome; readonly exitCode: number };
}

export type RunEventType = keyof RunEvents;

/** One journal line: payload, version, and ISO 8601 time with milliseconds. */
export type RunEvent = {
  [T in RunEventType]: { readonly v: 1; readonly time: string; readonly type: T } & RunEvents[T];
}[RunEventType];

/** An event before the journal gave it its time. */
export type NewRunEvent = { [T in RunEventType]: { readonly type: T } & RunEvents[T] }[RunEventType];
