import type { LogChunk } from '../backend.js';

/** Stream number, three zeros, the length of what follows. */
const HEADER = 8;
const SPACE = 0x20;
/** Seconds between two lines that part them: what happened in that time can then be told between them. */
const PAUSE = 2;

/**
 * Takes apart the engine's log stream: one frame for each line, each line behind its time. Lines of one stream that
 * came together leave together, unless there was a pause between them, without the times: a program may write a quarter of a
 * million lines a second.
 */
export class Demultiplexer {
  /** How many have come: lines, or parts of a line that is longer than the engine's buffer. */
  frames = 0;
  /** The beginning of a frame whose end has not come yet. */
  #rest: Buffer | undefined;

  *push(bytes: Buffer): Generator<LogChunk> {
    const input = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    const output = Buffer.allocUnsafe(input.length);
    let written = 0;
    let chunk:
      | { stream: LogChunk['stream']; start: number; from: string; to: Buffer; second: number }
      | undefined;
    const finish = (): LogChunk[] => {
      if (chunk === undefined) return [];
      const { stream, start, from, to } = chunk;
      return [{ stream, bytes: output.subarray(start, written), from, to: to.toString('latin1') }];
    };
    let at = 0;
    while (at + HEADER <= input.length) {
      const end = at + HEADER + input.readUInt32BE(at + 4);
      if (end > input.length) break;
      const stream = input[at] === 2 ? 'stderr' : 'stdout';
      const space = input.indexOf(SPACE, at + HEADER);
      const time = input.subarray(at + HEADER, space);
      const second = secondOf(time);
      if (chunk?.stream !== stream || Math.abs(second - chunk.second) >= PAUSE) {
        yield* finish();
        chunk = { stream, start: written, from: time.toString('latin1'), to: time, second };
      }
      chunk.to = time;
      chunk.second = second;
      written += input.copy(output, written, space + 1, end);
      at = end;
      this.frames += 1;
    }
    this.#rest = at < input.length ? input.subarray(at) : undefined;
    yield* finish();
  }
}

/** Seconds of the hour, but for a constant: of `2026-11-22T01:03:22.123456789Z`. */
function secondOf(time: Buffer): number {
  return 60 * (10 * time[14]! + time[15]!) + 10 * time[17]! + time[18]!;
}
