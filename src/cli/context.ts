import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../util/clock.js';

/** The signals that commands may listen for. */
export type CliSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGWINCH';

/**
 * All that commands get from the process they live in. Made once in main.ts; nothing else under src touches `process`.
 */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly clock: Clock;
  readonly host: string;
  readonly uid: number;
  /** How this program was started, for what starts itself again: `node` with `script`. */
  readonly self: { readonly node: string; readonly script: string };
  /** Calls the listener at each such signal; returns what ends it. */
  onSignal(signal: CliSignal, listener: () => void): () => void;
}

/** What a command's action resolves to; main.ts alone ends the process with it. */
export type ExitCode = number;
