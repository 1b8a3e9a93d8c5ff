import { connect } from './connect.js';
import { loginFinder } from './credentials.js';
import { DockerBackend } from './docker-backend.js';
import type { DockerEngine } from './docker-engine.js';
import { findEndpoint, type Surroundings } from './endpoint.js';

export interface OpenDockerOptions extends Surroundings {
  /** GPUs to give out by UUID, where the machine is not to be asked (`--gpus`, `COMBU_GPUS`). */
  readonly gpus?: readonly string[] | undefined;
  /** The program that lists the machine's GPUs; `nvidia-smi` if left out. */
  readonly nvidiaSmi?: string | undefined;
  /** Scales the bound of each container's log; 1 if left out. */
  readonly logScale?: number | undefined;
}

/**
 * Connects to the engine that docker's own settings name. Throws a `refused` Failure that says which one that is,
 * where it was chosen, why it does not answer, and what to do.
 */
export async function openDocker(options: OpenDockerOptions): Promise<DockerEngine> {
  const endpoint = findEndpoint(options);
  const connection = await connect(endpoint, options.env);
  return DockerBackend.open(endpoint, connection, {
    gpus: options.gpus,
    nvidiaSmi: options.nvidiaSmi ?? 'nvidia-smi',
    logScale: options.logScale ?? 1,
    loginFor: loginFinder(options),
  });
}
