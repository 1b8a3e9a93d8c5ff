import { describe, expect, it } from 'vitest';
import type { LogChunk } from '../../../../src/backend/backend.js';
import { Demultiplexer } from '../../../../src/backend/docker/demultiplex.js';

const TIMES = [
  '2026-01-01T00:00:01.000000001Z',
  '2026-01-01T00:00:02.000000002Z',
  '2026-01-01T00:00:03.000000003Z',
];

function frame(stream: 1 | 2, time: string, text: string): Buffer {
  const content = Buffer.from(`${time} ${text}`);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

function taken(pieces: readonly Buffer[]): (Omit<LogChunk, 'bytes'> & { text: string })[] {
  const demultiplexer = new Demultiplexer();
  return pieces
    .flatMap((piece) => [...demultiplexer.push(piece)])
    .map(({ bytes, ...rest }) => ({ ...rest, text: Buffer.from(bytes).toString() }));
}

const stream = Buffer.concat([
  frame(1, TIMES[0]!, 'one\n'),
  frame(1, TIMES[1]!, 'two wörds\n'),
  frame(2, TIMES[2]!, 'three\n'),
]);

describe('the log stream is taken apart', () => {
  it('into runs of one stream, without times, with the first and the last', () => {
    expect(taken([stream])).toEqual([
      { stream: 'stdout', text: 'one\ntwo wörds\n', from: TIMES[0], to: TIMES[1] },
      { stream: 'stderr', text: 'three\n', from: TIMES[2], to: TIMES[2] },
    ]);
  });

  it('the same wherever the pieces of it end', () => {
    for (let size = 1; size < stream.length; size++) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < stream.length; at += size) pieces.push(stream.subarray(at, at + size));
      const chunks = taken(pieces);
      const text = (name: string) =>
        chunks
          .filter((chunk) => chunk.stream === name)
          .map((chunk) => chunk.text)
          .join('');
      expect(text('stdout')).toBe('one\ntwo wörds\n');
      expect(text('stderr')).toBe('three\n');
    }
  });

  it('with a pause between two lines between two pieces', () => {
    const late = '2026-01-01T00:00:03.900000000Z';
    const later = '2026-01-01T00:00:05.100000000Z';
    const lines = [frame(1, TIMES[2]!, 'one\n'), frame(1, late, 'two\n'), frame(1, later, 'three\n')];
    expect(taken([Buffer.concat(lines)]).map(({ text, from, to }) => [text, from, to])).toEqual([
      ['one\ntwo\n', TIMES[2], late],
      ['three\n', later, later],
    ]);
  });

  it('with lines that are empty or hold anything', () => {
    expect(taken([Buffer.concat([frame(1, TIMES[0]!, '\n'), frame(1, TIMES[1]!, ' a \u0000b')])])).toEqual([
      { stream: 'stdout', text: '\n a \u0000b', from: TIMES[0], to: TIMES[1] },
    ]);
  });
});
