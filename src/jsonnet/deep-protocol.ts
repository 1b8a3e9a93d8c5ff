import type { MessagePort } from 'node:worker_threads';
import type { JsonnetError, Place } from './errors.js';
import type { Imported } from './import.js';
import type { JsonValue } from './manifest/plain.js';
import type { ExternalValue } from './options.js';

/** What is wanted of a program. */
export type Request =
  | { readonly kind: 'json' | 'text' | 'files' | 'textFiles' | 'documents' }
  | { readonly kind: 'place'; readonly path: readonly (string | number)[] };

export type Result = string | string[] | Map<string, string> | Place;

/** A program with its options, as far as they can cross to another thread. */
export interface Job {
  readonly signals: Int32Array;
  readonly port: MessagePort;
  readonly request: Request;
  readonly source: { readonly file: string; readonly text: string; readonly path: string };
  readonly extVars: Readonly<Record<string, ExternalValue>>;
  readonly topLevelArgs: Readonly<Record<string, ExternalValue>>;
  readonly importPaths: readonly string[];
  /** The caller has an importer of its own, which is called over there. */
  readonly importsHere: boolean;
  readonly natives: readonly { readonly name: string; readonly parameters: readonly string[] }[];
  readonly maxStack: number;
  readonly literals: Readonly<Record<string, string>>;
}

/** What there is to an error. */
export type Failure = Pick<JsonnetError, 'message' | 'kind' | 'place' | 'excerpt' | 'stackLines'>;

/** From the deep thread to the caller's. `import` and `native` wait for a `Reply`. */
export type Call =
  | { readonly kind: 'import'; readonly from: string; readonly path: string }
  | { readonly kind: 'native'; readonly name: string; readonly args: JsonValue[] }
  | { readonly kind: 'trace'; readonly message: string; readonly place: Place }
  | { readonly kind: 'result'; readonly result: Result }
  | { readonly kind: 'failure'; readonly failure: Failure }
  /** Even that stack was too short. */
  | { readonly kind: 'overflow' };

export type Reply =
  | { readonly kind: 'imported'; readonly imported: Imported | undefined }
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'error'; readonly message: string };

/** Indexes into `Job.signals`: a thread is up; something was sent; the caller has answered; the thread is gone. */
export const ALIVE = 0;
export const REPORTED = 1;
export const ANSWERED = 2;
export const DIED = 3;
export const SIGNALS = 4;
