import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The image of a small shell, made from this machine's busybox where it is not there yet; its name. */
export async function busyboxImage(): Promise<string> {
  await promisify(execFile)(fileURLToPath(new URL('../../scripts/base-image.sh', import.meta.url)), [
    'busybox',
  ]);
  return 'combu-example/busybox:1';
}
