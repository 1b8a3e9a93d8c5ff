import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, chown, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { isCode } from '../util/errno.js';
import { runPaths } from './run-paths.js';
import type { Owner, RunFolder } from './state-folder.js';

/**
 * A run's lock is a listening Unix socket: whoever listens supervises the run, and the kernel frees it with the
 * process, however that ends. The same socket is how others speak to the supervisor: one JSON line there, one back.
 *
 * On Linux the socket is an abstract one, which any user of the machine may connect to. So a request must show the key
 * that the supervisor wrote into the run's folder, which only its owner can read.
 */

/** What others can ask of a run's supervisor. */
export type HolderRequest =
  /** Admit nothing more, stop what runs with its grace; `force`: at once. As Ctrl-C and Ctrl-C twice. */
  | { readonly type: 'stop'; readonly force: boolean }
  /** Everything of the run is about to be removed from the engine: what goes is `killed`, not `lost`. */
  | { readonly type: 'kill' };

/** Asks for the reply alone. */
const WHO = { type: 'who' } as const;

type Message = HolderRequest | typeof WHO;

export interface HolderReply {
  readonly pid: number;
  /** The command that holds the run's record without supervising the run, and does nothing of what it is asked. */
  readonly doing?: string | undefined;
}

/** Who takes a run's lock: a supervisor, unless it says what else it does. */
export interface Holder extends HolderReply {
  /** Whose the run's folder is; undefined = this process's user's. */
  readonly owner?: Owner | undefined;
}

export interface RunLock {
  release(): Promise<void>;
}

/** A request and its reply take no longer than this (milliseconds), or the supervisor hangs. */
const REPLY_TIME = 5_000;
/** A message is a line of at most so many characters: no more is kept of what any user of the machine may send. */
const LONGEST_MESSAGE = 4_096;

/** Takes the run's lock; undefined = another holds it. `handler` is called for each request, before its reply. */
export async function holdRun(
  run: RunFolder,
  holder: Holder,
  handler: (request: HolderRequest) => void,
): Promise<RunLock | undefined> {
  const key = randomBytes(24).toString('hex');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, key, holder, handler);
  });
  if (!(await listen(server, run))) return undefined;
  server.on('error', () => {});
  await writeKey(runPaths.key(run.folder), key, holder.owner);
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Whether a supervisor of the run lives, or another command holds its record. */
export async function isHeld(run: RunFolder): Promise<boolean> {
  const socket = await open(run);
  socket?.destroy();
  return socket !== undefined;
}

/** Whether a supervisor lives of a run whose folder is not known; undefined = that can't be told on this system. */
export async function isHeldAnywhere(id: string): Promise<boolean | undefined> {
  return process.platform === 'linux' ? isHeld({ id, folder: '', startedAt: '' }) : undefined;
}

/** Asks the run's supervisor; undefined = there is none, or it does not answer in time. */
export function tellHolder(run: RunFolder, request: HolderRequest): Promise<HolderReply | undefined> {
  return ask(run, request);
}

/** Who holds the run's lock; undefined = nobody, or it does not answer in time. */
export function whoHolds(run: RunFolder): Promise<HolderReply | undefined> {
  return ask(run, WHO);
}

async function ask(run: RunFolder, request: Message): Promise<HolderReply | undefined> {
  const key = await readFile(runPaths.key(run.folder), 'utf8').catch(() => undefined);
  if (key === undefined) return undefined;
  const socket = await open(run);
  if (socket === undefined) return undefined;
  socket.setTimeout(REPLY_TIME, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.write(`${JSON.stringify({ key, request })}\n`);
  const line = await readLine(socket);
  socket.destroy();
  return line === undefined ? undefined : (JSON.parse(line) as HolderReply);
}

/** Resolves when the run has no supervisor (true), or when `signal` aborts (false). */
export async function untilFree(run: RunFolder, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const socket = await open(run);
    if (socket === undefined) return true;
    await new Promise<void>((resolve) => {
      const end = () => {
        signal.removeEventListener('abort', end);
        socket.destroy();
        resolve();
      };
      signal.addEventListener('abort', end, { once: true });
      socket.on('close', end).on('error', end).resume();
      // It may have come while the connection was made.
      if (signal.aborted) end();
    });
  }
  return false;
}

function serve(
  socket: Socket,
  key: string,
  { pid, doing }: Holder,
  handler: (request: HolderRequest) => void,
): void {
  void readLine(socket).then((line) => {
    const request = line === undefined ? undefined : parseRequest(line, key);
    if (request === undefined) return void socket.destroy();
    if (request.type !== 'who') handler(request);
    const reply: HolderReply = { pid, doing };
    socket.end(`${JSON.stringify(reply)}\n`);
  });
}

/** The first line that comes; undefined where the connection ends before, or more comes than a message can be. */
function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const take = (piece: string) => {
      text += piece;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= LONGEST_MESSAGE) return;
      // What follows is read, and forgotten.
      socket.off('data', take).resume();
      resolve(end < 0 ? undefined : text.slice(0, end));
    };
    socket.setEncoding('utf8').on('data', take);
    socket.once('close', () => resolve(undefined));
  });
}

function parseRequest(line: string, key: string): Message | undefined {
  try {
    const message = JSON.parse(line) as { key: string; request: Message };
    const shown = Buffer.from(message.key);
    const wanted = Buffer.from(key);
    if (shown.length !== wanted.length || !timingSafeEqual(shown, wanted)) return undefined;
    switch (message.request.type) {
      case 'stop':
        return { type: 'stop', force: message.request.force === true };
      case 'kill':
        return { type: 'kill' };
      case 'who':
        return WHO;
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** Abstract where the system has such sockets, else a file in the run's folder. */
function socketName(run: RunFolder): string {
  return process.platform === 'linux' ? `\0combu-run-${run.id}` : join(run.folder, 'supervisor.sock');
}

async function listen(server: Server, run: RunFolder): Promise<boolean> {
  const name = socketName(run);
  if (await tryListen(server, name)) return true;
  if (name.startsWith('\0') || (await isHeld(run))) return false;
  // A socket file that nobody listens on was left behind by a supervisor that died.
  await unlink(name);
  return tryListen(server, name);
}

function tryListen(server: Server, name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: unknown) => (isCode(error, 'EADDRINUSE') ? resolve(false) : reject(error));
    server.once('error', onError);
    server.listen(name, () => {
      server.removeListener('error', onError);
      resolve(true);
    });
  });
}

function open(run: RunFolder): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketName(run));
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

async function writeKey(path: string, key: string, owner: Owner | undefined): Promise<void> {
  const aside = `${path}.new`;
  await writeFile(aside, key, { mode: 0o600 });
  await chmod(aside, 0o600);
  if (owner !== undefined) await chown(aside, owner.uid, owner.gid);
  await rename(aside, path);
}
