import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../model/failure.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import { END_SIGNALS, signalExit } from './signals.js';

/** What the supervisor says once its run has begun. */
export interface Begun {
  readonly id: string;
  readonly folder: string;
}

/**
 * Starts this same command once more, in a session of its own, and waits until its run has begun: then it is alone, and
 * no closed terminal or Ctrl-C reaches it. What it says until then (a faulty file, a refusal) is told here, with its exit code.
 */
export async function leaveSupervisor(
  context: CliContext,
  stateFolder: string,
  readsInput: boolean,
): Promise<Begun | ExitCode> {
  const log = join(stateFolder, `supervisor-${context.clock.now()}-${context.pid}.log`);
  const output = await open(log, 'wx', 0o600);
  const child = spawn(context.self.node, [context.self.script, ...context.self.argv], {
    cwd: context.cwd,
    env: { ...context.env, COMBU_SUPERVISOR_LOG: log },
    detached: true,
    stdio: [readsInput ? 'inherit' : 'ignore', output.fd, output.fd, 'ipc'],
  });
  const interrupts = (Object.keys(END_SIGNALS) as (keyof typeof END_SIGNALS)[]).map((signal) =>
    context.onSignal(signal, () => void child.kill(signal)),
  );
  try {
    return await new Promise<Begun | ExitCode>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new Failure(`The supervisor can't be started: ${cause.message}`, { owner: 'refused', cause })),
      );
      child.once('message', (begun: Begun) => resolve(begun));
      child.once('exit', (code, signal) => {
        readFile(log, 'utf8')
          .then((text) => context.stderr.write(text))
          .then(() => rm(log, { force: true }))
          .then(() => resolve(code ?? exitOf(signal)), reject);
      });
    });
  } finally {
    for (const end of interrupts) end();
    child.removeAllListeners();
    child.unref();
    if (child.connected) child.disconnect();
    await output.close();
  }
}

function exitOf(signal: NodeJS.Signals | null): ExitCode {
  if (signal === 'SIGINT' || signal === 'SIGTERM') return signalExit(signal);
  return EXIT.bug;
}
