import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../../../src/store/object-store.js';
import { Deliveries } from '../../../../src/track/spool/deliveries.js';
import type { Place } from '../../../../src/track/spool/delivery.js';
import { SpoolReader } from '../../../../src/track/spool/reader.js';
import { segmentName } from '../../../../src/track/spool/segment.js';
import { SpoolWriter } from '../../../../src/track/spool/writer.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'combu-deliveries-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A spool with so many results for each bucket, in turn. */
function spoolOf(count: number, buckets: readonly string[]): SpoolWriter {
  const writer = new SpoolWriter(folder);
  const about = { contentType: 'application/json', metadata: {} };
  for (let n = 1; n <= count; n++) {
    for (const bucket of buckets) writer.append({ bucket, key: `k-${n}.json`, ...about }, [Buffer.from('1')]);
  }
  return writer;
}

/** A place whose buckets fail while they are in `down`; `arrived`: keys in the order of their arrival. */
function placeWith(down: Set<string>): Place & { readonly arrived: string[] } {
  const arrived: string[] = [];
  return {
    arrived,
    put: async (key) => {
      if (down.has(key.split('/')[0]!)) throw new StoreError('The store is out of order.', 'unreachable');
      arrived.push(key);
      return 'stored';
    },
  };
}

function deliver(writer: SpoolWriter, place: Place, signal?: AbortSignal) {
  const reader = new SpoolReader(folder, (index) => join(folder, segmentName(index)));
  const deliveries = new Deliveries(folder, reader, place, signal === undefined ? {} : { signal });
  const again = vi.spyOn(reader, 'again');
  return { pass: () => deliveries.pass({ end: () => writer.end }), again };
}

describe('passes while a store is out of reach', () => {
  it('one result a bucket is read to find out, however many wait', async () => {
    const writer = spoolOf(300, ['a', 'b']);
    const { pass, again } = deliver(writer, placeWith(new Set(['a', 'b'])));
    expect(await pass()).toMatchObject({ arrived: 0, left: 600, error: { kind: 'unreachable' } });
    again.mockClear();
    expect(await pass()).toMatchObject({ arrived: 0, left: 600, error: { kind: 'unreachable' } });
    expect(again).toHaveBeenCalledTimes(2);
  });

  it('a bucket that is well again gets all of its own, and then the other, each once', async () => {
    const down = new Set(['a', 'b']);
    const place = placeWith(down);
    const { pass } = deliver(spoolOf(50, ['a', 'b']), place);
    await pass();
    down.delete('b');
    expect(await pass()).toMatchObject({ arrived: 50, left: 50, error: { kind: 'unreachable' } });
    const keysOf = (bucket: string) =>
      Array.from({ length: 50 }, (_, n) => `${bucket}/k-${n + 1}.json`).sort();
    expect([...place.arrived].sort()).toEqual(keysOf('b'));
    down.delete('a');
    expect(await pass()).toEqual({ arrived: 50, left: 0, error: undefined });
    expect(place.arrived.slice(50).sort()).toEqual(keysOf('a'));
  });

  it('stopped, it reads nothing, and all of it is still left', async () => {
    const stop = new AbortController();
    const { pass, again } = deliver(spoolOf(100, ['a']), placeWith(new Set(['a'])), stop.signal);
    await pass();
    again.mockClear();
    stop.abort();
    expect(await pass()).toMatchObject({ arrived: 0, left: 100 });
    expect(again).not.toHaveBeenCalled();
  });
});
