import { statfs } from 'node:fs/promises';
import type { DiskGauge } from '../../exec/disk-watch.js';
import type { DiskRoom } from '../../model/event.js';
import type { Plan } from '../../plan/plan.js';
import { type Reserve, reserved } from './flags.js';

/** Kept free of each disk unless `--reserve-disk` says otherwise: this share of it (percent), at most so many bytes. */
const DEFAULT_SHARE = 5;
const DEFAULT_MOST = 2 * 1024 ** 3;

/**
 * Measures the disks that a run fills: that of its record, and the engine's. One that can't be measured, such as another
 * machine's, is left out.
 */
export function runDisks(record: string, { basis }: Plan, reserve: Reserve | undefined): DiskGauge {
  const { root } = basis.observed.engine;
  const folders = [record, ...(root === undefined ? [] : [root])];
  return async () => {
    const rooms = await Promise.all(folders.map((folder) => measure(folder, reserve)));
    return rooms.filter((room) => room !== undefined);
  };
}

/** Free is what the caller may use: some file systems keep a share for root. */
async function measure(folder: string, reserve: Reserve | undefined): Promise<DiskRoom | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { folder, free: bavail * bsize, kept: Math.ceil(keptOf(blocks * bsize, reserve)) };
  } catch {
    return undefined;
  }
}

function keptOf(size: number, reserve: Reserve | undefined): number {
  return reserve === undefined
    ? Math.min(reserved({ percent: DEFAULT_SHARE }, size), DEFAULT_MOST)
    : reserved(reserve, size);
}
