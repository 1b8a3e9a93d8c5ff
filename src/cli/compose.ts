import type { DockerEngine } from '../backend/docker/docker-engine.js';
import type { CliContext } from './context.js';

/** What `logScale` 1 keeps of each trial's log, in bytes (see RunOrder). */
const LOG_UNIT = 64 * 1024 * 1024;

/** Choices of the command line that change how the engine is used. */
export interface EngineFlags {
  /** UUIDs of the GPUs to give out, with commas between; undefined = the machine is asked. */
  readonly gpus?: string;
  /** Bytes of log kept of each trial. */
  readonly logLimit?: number;
}

/** Opens the engine that the environment names. Throws a `refused` Failure where none answers. */
export async function openBackend(context: CliContext, flags: EngineFlags = {}): Promise<DockerEngine> {
  const { openDocker } = await import('../backend/docker/open.js');
  const gpus = (flags.gpus ?? context.env.COMBU_GPUS)?.split(',').filter((id) => id !== '');
  return openDocker({ env: context.env, home: context.home, gpus, logScale: logScale(flags) });
}

/** How much more or less than usual is kept of logs; 1 = 64 MiB a trial. */
export function logScale(flags: EngineFlags): number {
  return (flags.logLimit ?? LOG_UNIT) / LOG_UNIT;
}
