import { lockPath, type SocketLock, tryLock } from '../../util/socket-lock.js';

/**
 * Held from the beginning of a sample until its rest has ended, where the rest follows by itself: in between the run has
 * no supervisor for a moment, and its journal an end that is not the last. undefined = somebody holds it.
 */
export function holdSequel(run: string): Promise<SocketLock | undefined> {
  return tryLock(sequelOf(run));
}

/** Whether more of a run follows, though it has ended or nobody supervises it at this moment. */
export async function hasSequel(run: string): Promise<boolean> {
  const lock = await tryLock(sequelOf(run));
  await lock?.release();
  return lock === undefined;
}

function sequelOf(run: string): string {
  return lockPath(`combu-sequel-${run}`);
}
