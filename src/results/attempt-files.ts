import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RECORD_PATH } from '../store/record.js';
import { isCode } from '../util/errno.js';
import { openInside } from './open-inside.js';

/**
 * What a table or a list reads of each attempt, with as few calls as can be: a thousand trials make many thousands of
 * them. As safe as openInside (open-inside.ts), for the attempt's folder and those above it are combu's own: a trial can put a
 * link only where a name in its folder is.
 */

/** Bytes of a file at the top of an attempt's folder; undefined = it is none, or a link; `too-large`: it has over `most`. */
export async function topFile(
  folder: string,
  name: string,
  most: number,
): Promise<Buffer | 'too-large' | undefined> {
  const handle = await openOrNothing(join(folder, name), FILE);
  return handle && wholeOf(handle, most);
}

/** Bytes of an attempt's record; undefined = it has none. */
export async function attemptRecord(folder: string): Promise<Buffer | undefined> {
  if (process.platform !== 'linux') {
    const file = await openInside(folder, RECORD_PATH);
    return file && plain(await wholeOf(file.handle, Number.POSITIVE_INFINITY));
  }
  const own = await openOrNothing(join(folder, OWN), FOLDER);
  if (own === undefined) return undefined;
  try {
    const path = `/proc/self/fd/${own.fd}/${basename(RECORD_PATH)}`;
    const handle = await openOrNothing(path, FILE);
    return handle && plain(await wholeOf(handle, Number.POSITIVE_INFINITY));
  } finally {
    await own.close();
  }
}

/** A file as a list shows it. */
export interface FileStat {
  /** Its path in the attempt's folder, with `/`. */
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/**
 * All plain files below an attempt's folder, but for combu's own; no link is followed. `unnamed`: how many files and
 * folders have names that are not UTF-8, which nobody can say; they get others when their attempt has ended.
 */
export async function fileStats(
  folder: string,
): Promise<{ readonly found: readonly FileStat[]; readonly unnamed: number }> {
  const found: FileStat[] = [];
  let unnamed = 0;
  const isUnnamed = (name: string) => name.includes('\ufffd');
  const walk = async (path: string, prefix: string): Promise<void> => {
    const handle = await openOrNothing(path, FOLDER);
    if (handle === undefined) {
      if (isUnnamed(basename(path))) unnamed += 1;
      return;
    }
    try {
      // Read through what was opened: a link that has taken the folder's place meanwhile leads nowhere.
      const at = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path;
      const entries = await readdir(at, { withFileTypes: true });
      await Promise.all(
        entries.map(async (entry) => {
          if (!entry.isFile()) return;
          const stat = await lstat(`${at}/${entry.name}`).catch(goneIsNothing);
          if (stat === undefined && isUnnamed(entry.name)) unnamed += 1;
          if (stat?.isFile() !== true) return;
          found.push({ name: prefix + entry.name, bytes: stat.size, modified: stat.mtimeMs });
        }),
      );
      for (const { name } of entries.filter((entry) => entry.isDirectory())) {
        if (prefix !== '' || name !== OWN) await walk(`${at}/${name}`, `${prefix}${name}/`);
      }
    } finally {
      await handle.close();
    }
  };
  await walk(folder, '');
  return { found, unnamed };
}

/** combu's own folder in an attempt's. */
const OWN = dirname(RECORD_PATH);

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Without O_NONBLOCK a named pipe would wait for its writer. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const NOTHING = ['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO', 'EACCES', 'EISDIR'];

async function openOrNothing(path: string, flags: number): Promise<FileHandle | undefined> {
  return open(path, flags).catch(goneIsNothing);
}

function goneIsNothing(error: unknown): undefined {
  if (NOTHING.some((code) => isCode(error, code))) return undefined;
  throw error;
}

/** As much as a file had when it was opened; undefined = it is no plain file. Closes it. */
async function wholeOf(handle: FileHandle, most: number): Promise<Buffer | 'too-large' | undefined> {
  try {
    const found = await handle.stat();
    if (!found.isFile()) return undefined;
    if (found.size > most) return 'too-large';
    const bytes = Buffer.allocUnsafe(found.size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function plain(bytes: Buffer | 'too-large' | undefined): Buffer | undefined {
  return bytes === 'too-large' ? undefined : bytes;
}
