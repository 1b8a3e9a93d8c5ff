import { lstat, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { runPaths } from '../../journal/run-paths.js';
import type { DiskUse } from '../../report/forecast.js';
import { visitFolder } from '../../util/visit-folder.js';

/** What logs and results of a run's trials take of the disk, all attempts together. No link is followed. */
export async function measureDisk(folder: string, trials: readonly string[]): Promise<DiskUse> {
  const wanted = new Set(trials);
  const bytes = new Map(trials.map((name) => [name, 0]));
  for (const name of await readdir(runPaths.logs(folder)).catch(() => [])) {
    const trial = name.replace(/\.\d+\.log$/, '');
    if (wanted.has(trial)) {
      bytes.set(trial, (bytes.get(trial) ?? 0) + (await sizeOf(join(runPaths.logs(folder), name))));
    }
  }
  for (const name of trials) {
    bytes.set(name, (bytes.get(name) ?? 0) + (await sizeBelow(runPaths.trialResults(folder, name))));
  }
  const free = await statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
  return { bytes, free };
}

async function sizeBelow(folder: string): Promise<number> {
  let total = 0;
  const entry = async (path: Buffer) => {
    total += await sizeOf(path);
  };
  await visitFolder(folder, { entry, closed: () => {} });
  return total;
}

async function sizeOf(path: string | Buffer): Promise<number> {
  return lstat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
