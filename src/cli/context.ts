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
  readonly gid: number;
  readonly pid: number;
  readonly home: string;
  /** How this program was started, for what starts itself again: `node` with `script` and `argv`. */
  readonly self: {
    readonly node: string;
    readonly script: string;
    readonly argv: readonly string[];
    /** Of Node.js: `v20.1.0`. */
    readonly version: string;
  };
  /** Set in a supervisor that `run -d` left in the background. */
  readonly background: Background | undefined;
  /** Calls the listener when nobody reads the output any more (a closed terminal or pipe); without one the process ends. */
  onOutputLost(listener: () => void): void;
  /** Calls the listener at each such signal; returns what ends it. */
  onSignal(signal: CliSignal, listener: () => void): () => void;
}

/** How a supervisor in the background speaks to the command that left it there, and where its own output goes. */
export interface Background {
  /** File that its output goes to; it moves it into the run's folder. */
  readonly log: string;
  /** The run has begun: who started it may go. */
  began(run: { readonly id: string; readonly folder: string }): void;
}

/** What a command's action resolves to; main.ts alone ends the process with it. */
export type ExitCode = number;
