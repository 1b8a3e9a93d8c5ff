#!/usr/bin/env node
import { homedir, hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../util/clock.js';
import type { Background, CliContext, CliSignal, ExitCode } from './context.js';
import { version } from './version.js';

const SIGNAL_NUMBER: Readonly<Partial<Record<CliSignal, number>>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** Signals that reached this process while a command listened for them. */
const received = new Set<CliSignal>();

/** Who wants to know that nobody reads the output any more. */
const outputLost: (() => void)[] = [];

function processContext(): CliContext {
  return {
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: systemClock,
    host: hostname(),
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    pid: process.pid,
    home: homedir(),
    self: {
      node: process.execPath,
      script: fileURLToPath(import.meta.url),
      argv: process.argv.slice(2),
      version: process.version,
    },
    background: background(),
    onOutputLost(listener) {
      outputLost.push(listener);
    },
    onSignal(signal, listener) {
      const heard = () => {
        received.add(signal);
        listener();
      };
      process.on(signal, heard);
      return () => process.off(signal, heard);
    },
  };
}

/** What run/detach.ts gave this process, if that started it. */
function background(): Background | undefined {
  const log = process.env.COMBU_SUPERVISOR_LOG;
  if (log === undefined || process.send === undefined) return undefined;
  return {
    log,
    began(run) {
      // Whoever started it may be gone by now.
      if (process.connected) process.send?.(run, () => process.connected && process.disconnect());
    },
  };
}

/**
 * Ends the process. An end by a signal is handed on as one, so that a parent (a shell's loop, make) sees it;
 * a code above 128 that somebody else's signal caused (`wait` ends with the run's code) is only a number.
 */
function end(code: ExitCode): void {
  const signal = [...received].find((name) => code === 128 + (SIGNAL_NUMBER[name] ?? 0));
  process.exitCode = code;
  flush(() => {
    if (signal === undefined) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Pipes take what is written to them later; to exit before that would cut it off. */
function flush(then: () => void): void {
  process.stdout.write('', () => process.stderr.write('', () => then()));
}

async function main(): Promise<ExitCode> {
  const argv = process.argv.slice(2);
  // Answered before commander is loaded: scripts ask for it often.
  if (argv.length === 1 && argv[0] === '--version') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const { runCommand } = await import('./run-command.js');
  return runCommand(argv, processContext());
}

// A reader that went away (`combu ps | head`) is no failure; nor is a terminal that was closed (EIO).
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    if (outputLost.length === 0) process.exit(process.exitCode ?? 0);
    for (const listener of outputLost) listener();
  });
}

end(await main());
