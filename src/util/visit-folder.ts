import { constants, type Dirent } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { errnoOf } from './errno.js';

/** What can be asked of anything that is no folder. */
type Kind = Pick<Dirent, 'isFile' | 'isBlockDevice' | 'isCharacterDevice'>;

/** What is done with all that a folder holds. Paths are bytes: names need not be text. Each holds during the call only. */
export interface FolderVisitor {
  /** Before it is read, the outer ones first. */
  enter?(folder: Buffer): Promise<void>;
  /** Whatever is no folder; links are not followed. */
  entry(path: Buffer, kind: Kind): Promise<void>;
  /** After all that it holds, the inner ones first. */
  leave?(folder: Buffer): Promise<void>;
  /**
   * Told of a folder that can't be looked into, or has gone meanwhile, with the system's error; absent = that is thrown.
   * Whoever writes there may remove, forbid and nest as he likes.
   */
  closed?(error: unknown): void;
}

/** Linux takes no path of more than 4,096 bytes; a program that changes into its folders one by one makes longer ones. */
const LONG_PATH = 2_048;
const SLASH = Buffer.from('/');

/**
 * Goes through a folder and all below it, whatever the names and however deep. What is no folder itself is an entry: a
 * link is not followed there either, for what it leads to is somebody else's.
 */
export async function visitFolder(folder: string, visitor: FolderVisitor): Promise<void> {
  const top = Buffer.from(folder);
  const kind = await tried(visitor, () => lstat(top));
  if (kind?.isDirectory()) await visit(top, visitor);
  else if (kind !== undefined) await visitor.entry(top, kind);
}

async function visit(folder: Buffer, visitor: FolderVisitor): Promise<void> {
  await visitor.enter?.(folder);
  const short = folder.length > LONG_PATH ? await tried(visitor, () => openShort(folder)) : undefined;
  const at = short?.path ?? folder;
  try {
    const entries = await tried(visitor, () => readdir(at, { withFileTypes: true, encoding: 'buffer' }));
    for (const entry of entries ?? []) {
      const path = Buffer.concat([at, SLASH, entry.name]);
      if (entry.isDirectory()) await visit(path, visitor);
      else await visitor.entry(path, entry);
    }
  } finally {
    await short?.handle.close();
  }
  await visitor.leave?.(folder);
}

/** undefined = the visitor was told that it can't be done. */
async function tried<T>({ closed }: FolderVisitor, action: () => Promise<T>): Promise<T | undefined> {
  if (closed === undefined) return action();
  try {
    return await action();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    closed(error);
    return undefined;
  }
}

/** A short path to a folder, while it is held open; undefined where the system has none. */
async function openShort(folder: Buffer): Promise<{ path: Buffer; handle: FileHandle } | undefined> {
  if (process.platform !== 'linux') return undefined;
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  return { path: Buffer.from(`/proc/self/fd/${handle.fd}`), handle };
}
