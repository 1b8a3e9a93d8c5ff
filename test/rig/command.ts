import { PassThrough } from 'node:stream';
import type { CliContext, CliSignal } from '../../src/cli/context.js';
import { runCommand } from '../../src/cli/run-command.js';
import { type Clock, systemClock } from '../../src/util/clock.js';

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** The machine that it seems to run on; the one of made-up runs, where nothing is said. */
  readonly host?: string;
  /** Both outputs are terminals of so many columns. */
  readonly columns?: number;
}

/** A command of combu that runs inside the test's process: its outputs so far, its end, and signals for it. */
export interface RunningCommand {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly code: Promise<number>;
  signal(name: CliSignal): void;
  /** Resolves when standard output or error holds the text; rejects when the command ends without it. */
  until(text: string): Promise<void>;
}

export function startCommand(argv: readonly string[], options: CommandOptions): RunningCommand {
  const size = options.columns === undefined ? {} : { isTTY: true, columns: options.columns, rows: 24 };
  const out = Object.assign(new PassThrough(), size);
  const err = Object.assign(new PassThrough(), size);
  const texts = { out: '', err: '' };
  const watchers = new Set<() => void>();
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  out.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
    tell();
  });
  err.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
    tell();
  });
  const listeners: { signal: CliSignal; listener: () => void }[] = [];
  const context: CliContext = {
    env: options.env ?? { TERM: 'xterm', LANG: 'C.UTF-8' },
    cwd: options.cwd,
    stdin: new PassThrough(),
    stdout: out,
    stderr: err,
    clock: options.clock ?? systemClock,
    host: options.host ?? 'lab',
    uid: 1000,
    gid: 1000,
    pid: process.pid,
    home: options.cwd,
    self: { node: process.execPath, script: 'combu', argv, version: process.version },
    background: undefined,
    onOutputLost: () => {},
    onSignal(signal, listener) {
      const entry = { signal, listener };
      listeners.push(entry);
      return () => void listeners.splice(listeners.indexOf(entry), 1);
    },
  };
  const code = runCommand(argv, context);
  return {
    stdout: () => texts.out,
    stderr: () => texts.err,
    code,
    signal: (name) => {
      for (const { signal, listener } of [...listeners]) if (signal === name) listener();
    },
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!texts.out.includes(text) && !texts.err.includes(text)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        void code.then((end) => {
          look();
          reject(new Error(`ended with ${end} without ${text}:\n${texts.out}\n${texts.err}`));
        });
      }),
  };
}

/** Runs a command to its end. */
export async function command(
  argv: readonly string[],
  options: CommandOptions,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const running = startCommand(argv, options);
  const code = await running.code;
  // What was written last is handed on in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** A clock that stands still; waiting on it takes no time beyond a turn. */
export function stoppedClock(now: number): Clock {
  return { now: () => now, sleep: () => new Promise((resolve) => setImmediate(resolve)) };
}
