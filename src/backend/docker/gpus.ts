import { execFile } from 'node:child_process';
import type Docker from 'dockerode';
import { Failure } from '../../model/failure.js';
import { ask, PATIENCE, unless } from './errors.js';

/** Milliseconds that nvidia-smi may take; it is slow where no daemon keeps the driver awake. */
const SMI_PATIENCE = 30_000;

/** The machine's devices by UUID, from `nvidia-smi -L`; none where the program is not there or fails. */
export function listGpus(nvidiaSmi: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    execFile(nvidiaSmi, ['-L'], { timeout: SMI_PATIENCE }, (error, output) => {
      resolve(error === null ? parseGpuList(output) : []);
    });
  });
}

/**
 * `GPU 0: NVIDIA A100 (UUID: GPU-...)`, and below a GPU that is cut up, `MIG 1g.5gb Device 0: (UUID: MIG-...)`:
 * then its pieces are what can be given out, and not the whole.
 */
export function parseGpuList(text: string): string[] {
  const devices: string[] = [];
  for (const line of text.split('\n')) {
    const uuid = /\(UUID: ((?:GPU|MIG)-[^)]+)\)/.exec(line)?.[1];
    if (uuid === undefined) continue;
    if (uuid.startsWith('MIG-') && devices.at(-1)?.startsWith('GPU-')) devices.pop();
    devices.push(uuid);
  }
  return devices;
}

/**
 * Starts a container that has the devices. Its program is nvidia-smi, which the driver brings along; whether the image
 * can run it is no matter (the engine answers 400 then), for the devices are handed over before.
 */
export async function whyNoGpus(
  docker: Docker,
  devices: readonly string[],
  image: string,
): Promise<string | undefined> {
  const doing = 'Giving GPUs to a probe container';
  let id: string | undefined;
  try {
    const container = await ask(doing, PATIENCE.change, () =>
      docker.createContainer({
        Image: image,
        Entrypoint: ['nvidia-smi'],
        Cmd: ['-L'],
        Env: ['NVIDIA_DRIVER_CAPABILITIES=utility'],
        HostConfig: {
          NetworkMode: 'none',
          AutoRemove: true,
          DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: [...devices], Capabilities: [['gpu']] }],
        },
      }),
    );
    id = container.id;
    await ask(doing, PATIENCE.change, () => container.start());
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (id !== undefined && error.status === 400) return undefined;
    return `${error.message} Install the NVIDIA Container Toolkit for this engine, and restart it.`;
  } finally {
    const probe = id;
    if (probe !== undefined) {
      // Where it could be started, the engine removes it by itself.
      const remove = () => docker.getContainer(probe).remove({ force: true, v: true });
      await unless([404, 409], undefined, ask('Removing the probe container', PATIENCE.change, remove));
    }
  }
}
