import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { chmod, lchown, lstat, open, rename, unlink } from 'node:fs/promises';
import { isCode } from '../util/errno.js';
import { visitFolder } from '../util/visit-folder.js';
import { numbered } from './results-folder.js';
import { type Owner, syncFolder } from './state-folder.js';

/** What a trial made is readable for its owner, whatever modes it chose. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** Characters of a name that was no text: each may take three bytes, of the 255 that a name may have. */
const LONGEST_NAME = 80;

export interface Settled {
  /** There was nothing in the folder. */
  readonly empty: boolean;
  /** The names, without their folders, that were not UTF-8: as they are now. */
  readonly renamed: readonly string[];
}

/**
 * Gives all that lies in a folder to its owner (following no link), readable, and syncs it to disk. Devices are removed:
 * they hold no results, and to whom they belong may use what they stand for. What has a name that is not UTF-8 gets one:
 * no store, no JSON and few programs could name it. An empty folder is not synced, for nothing can be lost of it.
 */
export async function settleFolder(folder: string, owner: Owner | undefined): Promise<Settled> {
  const renamed: string[] = [];
  let entries = 0;
  let folders = 0;
  const isEmpty = () => entries === 0 && folders <= 1;
  const give = async (path: Buffer) => {
    if (owner !== undefined) await lchown(path, owner.uid, owner.gid);
  };
  await visitFolder(folder, {
    enter: async (path) => {
      folders += 1;
      await give(path);
      await allow(path, FOLDER_MODE, 0o755);
    },
    entry: async (path, kind) => {
      entries += 1;
      if (kind.isBlockDevice() || kind.isCharacterDevice()) return unlink(path);
      await give(path);
      if (kind.isFile()) await settleFile(path);
      await makeText(path, renamed);
    },
    leave: async (path) => {
      if (!isEmpty()) await syncFolder(path);
      await makeText(path, renamed);
    },
  });
  return { empty: isEmpty(), renamed };
}

/** Renames what has no name that is text, and adds the new name to those. */
async function makeText(path: Buffer, renamed: string[]): Promise<void> {
  const start = path.lastIndexOf('/') + 1;
  if (isUtf8(path.subarray(start))) return;
  const name = path.subarray(start).toString().slice(0, LONGEST_NAME);
  for (let number = 1; ; number++) {
    const text = numbered(name, number);
    const free = Buffer.concat([path.subarray(0, start), Buffer.from(text)]);
    if (await isThere(free)) continue;
    try {
      await rename(path, free);
      renamed.push(text);
    } catch (error) {
      // In a folder that is somebody else's it stays as it is.
      if (!isCode(error, 'EPERM') && !isCode(error, 'EACCES')) throw error;
    }
    return;
  }
}

async function isThere(path: Buffer): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isCode(error, 'ENOENT')) return false;
      throw error;
    },
  );
}

async function settleFile(path: Buffer): Promise<void> {
  await allow(path, FILE_MODE, 0o777);
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Adds what the owner needs and drops all but `mask`: a setuid bit that a trial set must not outlive it. */
async function allow(path: Buffer, needed: number, mask: number): Promise<void> {
  const { mode } = await lstat(path);
  const wanted = (mode & mask) | needed;
  if ((mode & 0o7777) === wanted) return;
  // Whoever is not the file's owner can't change it; it then stays as it is, and can still be read by its bits.
  await chmod(path, wanted).catch((error: unknown) => {
    if (!isCode(error, 'EPERM')) throw error;
  });
}
