import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';

/** A lock that is held until it is released or its process ends, however that ends. */
export interface SocketLock {
  release(): Promise<void>;
}

/**
 * Takes a lock, or resolves to undefined when somebody has it: another process, or this one. The lock is a listening
 * socket, which the kernel closes with its process, so a crash leaves no lock behind. `path` is lockPath's.
 */
export async function tryLock(path: string): Promise<SocketLock | undefined> {
  const held = await listen(path);
  if (held !== undefined || isAbstract(path) || (await isHeld(path))) return held;
  // The kernel frees the socket of a dead process, but leaves its file.
  await unlink(path).catch(() => {});
  return listen(path);
}

/** Waits until the lock is free, and takes it. Whoever waits is woken when the holder is done; one of them gets it. */
export async function waitForLock(path: string): Promise<SocketLock> {
  for (;;) {
    const held = await tryLock(path);
    if (held !== undefined) return held;
    await isHeld(path, 'until it is free');
  }
}

/** Where a lock of this name is: an abstract socket of Linux, elsewhere a file among the temporary ones. */
export function lockPath(name: string): string {
  return platform() === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

function isAbstract(path: string): boolean {
  return path.startsWith('\0');
}

function listen(path: string): Promise<SocketLock | undefined> {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => waiting.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      // A lock alone keeps no process alive.
      server.unref();
      resolve({
        release: () =>
          new Promise((released) => {
            server.close(() => released());
            for (const socket of waiting) socket.destroy();
          }),
      });
    });
  });
}

/** Whether somebody listens; on demand the answer comes only when nobody does any more. */
function isHeld(path: string, when?: 'until it is free'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      if (when === undefined) {
        socket.destroy();
        resolve(true);
      }
    });
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
  });
}
