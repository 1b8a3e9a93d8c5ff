import type Docker from 'dockerode';
import type { Backend, LogChunk } from '../backend.js';
import { Demultiplexer } from './demultiplex.js';
import { engineTime } from './engine-time.js';
import { toFailure } from './errors.js';
import { short } from './lifecycle.js';
import { openStream } from './stream.js';

type LogOptions = Parameters<Backend['logs']>[1];

/** Bytes of a line at the first guess, and how many times more lines are asked for when they were shorter. */
const LINE = 128;
const MORE = 4;

/** Reads a container's log, both streams in the engine's order. */
export async function* readLogs(docker: Docker, id: string, options: LogOptions): AsyncGenerator<LogChunk> {
  if (options.tailBytes === undefined || options.follow) yield* readLines(docker, id, options, undefined);
  else yield* await readTail(docker, id, options, options.tailBytes);
}

/** The engine counts a tail in lines, which have any length: asks for more until they make up the bytes. */
async function readTail(docker: Docker, id: string, options: LogOptions, bytes: number): Promise<LogChunk[]> {
  for (let lines = Math.ceil(bytes / LINE); ; lines *= MORE) {
    const chunks: LogChunk[] = [];
    let held = 0;
    let seen = 0;
    for await (const chunk of readLines(docker, id, options, lines)) {
      chunks.push(chunk);
      held += chunk.bytes.length;
      seen += countLines(chunk.bytes);
      while (held - chunks[0]!.bytes.length >= bytes) held -= chunks.shift()!.bytes.length;
    }
    if (seen < lines || held >= bytes) return chunks;
  }
}

async function* readLines(
  docker: Docker,
  id: string,
  { signal, follow, since }: LogOptions,
  lines: number | undefined,
): AsyncGenerator<LogChunk> {
  if (signal?.aborted) return;
  const doing = `Reading the log of the container ${short(id)}`;
  const query = {
    follow,
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(lines === undefined ? {} : { tail: String(lines) }),
    ...(since === undefined ? {} : { since: engineTime(since, 1) }),
  };
  const stream = await openStream(docker, doing, { method: 'GET', path: `/containers/${id}/logs`, query });
  const leave = () => stream.destroy();
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  const demultiplexer = new Demultiplexer();
  try {
    for await (const bytes of stream) yield* demultiplexer.push(bytes as Buffer);
  } catch (error) {
    if (!signal?.aborted) throw toFailure(doing, error);
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}
