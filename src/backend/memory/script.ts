import type { ContainerSpec, ResourceSample } from '../backend.js';

/** How a container's program ends when nobody stops it; times in milliseconds from its start. */
export type Ending =
  | { readonly kind: 'exit'; readonly after: number; readonly code: number }
  /** The engine's record says that memory ran out; exit code 137. */
  | { readonly kind: 'oom'; readonly after: number }
  /** As `oom`, but the record lacks it, and the event comes 100 ms after the end. */
  | { readonly kind: 'late-oom'; readonly after: number }
  | { readonly kind: 'never' };

/** What it does at the stop signal: end with `code` after `after` milliseconds, or nothing. */
export type OnStop =
  | { readonly kind: 'exit'; readonly after: number; readonly code: number }
  | { readonly kind: 'ignore' };

/** A line without a time is written at the start. The line's end is added. */
export type ScriptedLine =
  | string
  | { readonly after: number; readonly text: string; readonly stream?: 'stdout' | 'stderr' };

/** What one container does, decided before it starts. */
export interface Script {
  readonly ending: Ending;
  readonly onStop: OnStop;
  /** Sorted by time. */
  readonly lines: readonly ScriptedLine[];
  /** Its healthcheck's first result, where it has a healthcheck; undefined = none ever comes. */
  readonly health: { readonly after: number; readonly result: 'healthy' | 'unhealthy' } | undefined;
  /** Why the engine can't start it; undefined = it can. */
  readonly startError: string | undefined;
  /** What it uses at an age in milliseconds; undefined = can't be measured. */
  readonly sample: ((age: number) => ResourceSample) | undefined;
  /** Content by absolute path. Those below the results folder appear there when the container ends. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** A program that prints nothing and ends at once with 0; overridden field by field. */
export const DEFAULT_SCRIPT: Script = {
  ending: { kind: 'exit', after: 0, code: 0 },
  onStop: { kind: 'exit', after: 0, code: 143 },
  lines: [],
  health: undefined,
  startError: undefined,
  sample: undefined,
  files: {},
};

/** Decides what a container does; asked once, when it is created. */
export type Director = (spec: ContainerSpec) => Partial<Script>;
