import { constants } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { errnoOf, isCode } from '../util/errno.js';
import { type Writing, writeWhole } from './room-on-disk.js';
import { readTar } from './unpack.js';

/** Between an attempt's number and the random end of the name of a folder beside its own. */
const RECEIVING = '.receiving-';

/** Unpacks a tar into `target/into`: aside first, then renamed, so that what is there is whole. */
export async function receiveTar(
  target: string,
  into: string,
  tar: AsyncIterable<Uint8Array>,
  writing: Writing,
): Promise<{ readonly files: number; readonly bytes: number; readonly leftOut: readonly string[] }> {
  const prefix = `${basename(target)}${RECEIVING}`;
  // A try that broke off may have left some behind.
  await removeEntries(dirname(target), (name) => name.startsWith(prefix));
  const aside = await writing(() => mkdtemp(`${target}${RECEIVING}`));
  try {
    const counts = await unpack(aside, tar, writing);
    const place = await safeFolder(target, into, writing);
    for (const name of await readdir(aside)) await moveInto(join(aside, name), place, name, writing);
    return counts;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Removes what supervisors that died were unpacking, in the results folders of a run's trials. */
export async function removeHalfReceived(results: string): Promise<void> {
  for (const trial of await readdir(results).catch(noneWhereAbsent)) {
    await removeEntries(join(results, trial), (name) => name.includes(RECEIVING));
  }
}

async function removeEntries(folder: string, chosen: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(noneWhereAbsent)) {
    if (chosen(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

function noneWhereAbsent(error: unknown): string[] {
  if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return [];
  throw error;
}

async function unpack(folder: string, tar: AsyncIterable<Uint8Array>, writing: Writing) {
  const makeFolder = (path: readonly string[]) =>
    writing(() => mkdir(join(folder, ...path), { recursive: true }));
  const leftOut: string[] = [];
  let files = 0;
  let bytes = 0;
  for await (const entry of readTar(tar)) {
    switch (entry.kind) {
      case 'left-out':
        leftOut.push(entry.name);
        break;
      case 'folder':
        await makeFolder(entry.path);
        break;
      case 'file': {
        await makeFolder(entry.path.slice(0, -1));
        bytes += await writeNew(join(folder, ...entry.path), entry.content, writing);
        files += 1;
      }
    }
  }
  return { files, bytes, leftOut };
}

async function writeNew(path: string, content: AsyncIterable<Uint8Array>, writing: Writing): Promise<number> {
  const handle = await makeFile(path, writing);
  let bytes = 0;
  try {
    for await (const chunk of content) {
      await writeWhole(handle, chunk, writing);
      bytes += chunk.length;
    }
  } finally {
    await handle.close();
  }
  return bytes;
}

/** Names that are no text can differ in the container and be one here. */
async function makeFile(path: string, writing: Writing): Promise<FileHandle> {
  for (let number = 1; ; number++) {
    try {
      return await writing(() => open(join(dirname(path), numbered(basename(path), number)), 'wx', 0o644));
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }
}

/** The folder `into` below `target`, made where absent. A link on the way is the trial's doing: its name counts as taken. */
async function safeFolder(target: string, into: string, writing: Writing): Promise<string> {
  let place = target;
  for (const part of into.split('/').filter((one) => one !== '')) {
    place = await ownFolder(place, part, writing);
  }
  return place;
}

async function ownFolder(parent: string, name: string, writing: Writing): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(parent, numbered(name, number));
    try {
      await writing(() => mkdir(path));
      return path;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
      if ((await lstat(path)).isDirectory()) return path;
    }
  }
}

/**
 * Moves a file or a whole folder; where the name is taken it becomes `name~2` and so on. Folders are joined. What is there
 * already, to the last byte, was received before by a supervisor that died: it is not put there again.
 */
async function moveInto(from: string, folder: string, name: string, writing: Writing): Promise<void> {
  if ((await lstat(from)).isDirectory()) {
    const place = await ownFolder(folder, name, writing);
    for (const inner of await readdir(from)) await moveInto(join(from, inner), place, inner, writing);
    return;
  }
  for (let number = 1; ; number++) {
    try {
      // A hard link fails where the name is taken; a rename would overwrite.
      await writing(() => link(from, join(folder, numbered(name, number))));
      return;
    } catch (error) {
      if (isCode(error, 'EEXIST')) {
        if (await isSame(from, join(folder, numbered(name, number)))) return;
        continue;
      }
      if (!isCode(error, 'EPERM') && !isCode(error, 'ENOTSUP')) throw error;
      if (await exists(join(folder, numbered(name, number)))) continue;
      return rename(from, join(folder, numbered(name, number)));
    }
  }
}

/** Whether two paths are files with the same content, as far as the caller may know it; a link is none. */
async function isSame(one: string, other: string): Promise<boolean> {
  const files: FileHandle[] = [];
  try {
    const [{ size }, found] = await Promise.all([lstat(one), lstat(other)]);
    if (!found.isFile() || found.size !== size) return false;
    for (const path of [one, other]) files.push(await open(path, PLAIN));
    const [mine, theirs] = files as [FileHandle, FileHandle];
    const [piece, others] = [Buffer.allocUnsafe(PIECE), Buffer.allocUnsafe(PIECE)];
    for (let at = 0; at < size; ) {
      const { bytesRead } = await mine.read(piece, 0, PIECE, at);
      const { bytesRead: length } = await theirs.read(others, 0, bytesRead, at);
      if (length === 0 || !piece.subarray(0, length).equals(others.subarray(0, length))) return false;
      at += length;
    }
    return true;
  } catch (error) {
    // Such as a file that only whoever ran in the container may read.
    if (errnoOf(error) === undefined) throw error;
    return false;
  } finally {
    for (const file of files) await file.close();
  }
}

/** Neither follows a link nor waits for the writer of a named pipe. */
const PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Bytes that are compared at a time. */
const PIECE = 64 * 1024;

/** The name for the second time and so on, where the first is taken. */
export function numbered(name: string, number: number): string {
  if (number === 1) return name;
  const ending = extname(name);
  return `${basename(name, ending)}~${number}${ending}`;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
