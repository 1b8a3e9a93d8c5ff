import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunFolder } from '../../../../src/journal/state-folder.js';
import { encodeNpy } from '../../../../src/store/codecs/npy.js';
import { encodeNpz } from '../../../../src/store/codecs/npz.js';
import { FolderStore } from '../../../../src/store/folder-store.js';
import { command } from '../../../rig/command.js';
import { RunScript } from '../../../rig/run-events.js';
import { type Left, writeRun } from '../../../rig/run-folder.js';
import { storeRun, Tracked } from '../../../rig/tracked.js';

let cwd: string;
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'combu-results-')));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const tracked = new Tracked()
  .call({ function: 'accuracy', content: '0.5', value: 0.5, sequence: 1 })
  .call({ function: 'confusion', content: '[[1,2],[3,4]]', sequence: 2 })
  .direct({ function: 'image', content: 'pixels', sequence: 3, extension: 'png' }, 'http://minio:9000', '');

/** a-1 failed, and then succeeded; b-1 succeeded; c-1 failed. */
function run(results: Left['results'] = {}): RunFolder {
  const script = new RunScript().start(['a-1', 'b-1', 'c-1']);
  script.begin('a-1').end('a-1', 0, { outcome: 'failed', cause: 'exit 1' }, { final: false });
  script.begin('a-1', 2).end('a-1', 0, { attempt: 2 });
  script.begin('b-1').end('b-1', 0).begin('c-1').fail('c-1', 0, 'no');
  script.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
  const written = writeRun(cwd, script, {
    results: {
      'a-1/1/log.txt': 'old',
      'a-1/2/log.txt': 'one\ntwo\u001b[31m\n',
      'a-1/2/model/weights.bin': 'xx\u0000x',
      'c-1/1/log.txt': 'failed',
      ...tracked.at('b-1'),
      ...results,
    },
    plan: { trials: [{ name: 'a-1' }, { name: 'b-1' }, { name: 'c-1' }] },
  });
  for (const file of ['a-1/2/log.txt', 'a-1/2/model/weights.bin']) {
    utimesSync(join(written.folder, 'results', file), 1_795_000_000, 1_795_000_000);
  }
  return written;
}

async function place(where: string, run: RunFolder): Promise<{ cwd: string; flags: string[] }> {
  if (where === 'its folder') return { cwd, flags: [] };
  const store = join(cwd, 'store');
  await storeRun(run, new FolderStore(store));
  return { cwd: tmpdir(), flags: ['--store', store] };
}

it.each([
  ['ls', []],
  ['pull', ['-o', 'here']],
] as const)('results %s says how many names it can’t tell', async (verb, flags) => {
  const at = join(run().folder, 'results', 'a-1', '2');
  for (const name of ['one', 'two']) writeFileSync(bytesOf(join(at, `${name}\xff`)), '');
  mkdirSync(bytesOf(join(at, 'model', 'folder\xfe')));
  const { stderr } = await command(['results', verb, ...flags], { cwd });
  expect(stderr.split('\n')[0]).toBe(
    '3 names of files or folders are not UTF-8, and left out: combu gives them others when their trials have ended.',
  );
});

/** A path of which each character is a byte. */
const bytesOf = (path: string) => Buffer.from(path, 'latin1');

describe.each(['its folder', 'a store'])('results ls from %s', (where) => {
  it('lists what counts, with sizes, and what was tracked with its function and call', async () => {
    const { cwd, flags } = await place(where, run());
    const { code, stdout, stderr } = await command(['results', 'ls', ...flags], { cwd });
    expect(code).toBe(0);
    const when = /\d{4}-\d\d-\d\d \d\d:\d\d/g;
    expect(
      stdout
        .replace(when, 'THEN')
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['TRIAL', 'ATTEMPT', 'SIZE', 'SAVED', 'FILE', 'FUNCTION', 'CALL', 'STORE'],
      ['a-1', '2', '13 B', 'THEN', 'log.txt'],
      ['a-1', '2', '4 B', 'THEN', 'model/weights.bin'],
      ['b-1', '1', '3 B', 'THEN', 'iris/accuracy-1.json', 'accuracy', '1'],
      ['b-1', '1', '13 B', 'THEN', 'iris/confusion-2.json', 'confusion', '2'],
      ['b-1', '1', '6 B', 'THEN', 'iris/image-3.png', 'image', '3', 's3://iris/image-3.png'],
      [''],
    ]);
    expect(stderr).toMatch(/^5 files, 39 B, in /);
  });

  it('has JSON', async () => {
    const { cwd, flags } = await place(where, run());
    const { stdout } = await command(['results', 'ls', '--json', 'b-*', ...flags], { cwd });
    const { schema, files } = JSON.parse(stdout);
    expect(schema).toBe('combu/result-files/v1');
    expect(files[0]).toMatchObject({
      trial: 'b-1',
      attempt: 1,
      name: 'iris/accuracy-1.json',
      bytes: 3,
      time: '2026-11-21T14:00:01.500Z',
      contentType: 'application/json',
      sha256: 'd2cbad71ff333de67d07ec676e352ab7f38248eb69c942950157220607c55e84',
      metadata: { function: 'accuracy', sequence: '1' },
      store: null,
    });
    expect(files[2]).toMatchObject({ path: null, store: 's3://iris/image-3.png' });
  });

  it('lists the latest attempts when asked', async () => {
    const { cwd, flags } = await place(where, run());
    const { stdout } = await command(['results', 'ls', '--latest', 'c-1', ...flags], { cwd });
    expect(stdout).toContain('log.txt');
  });
});

describe.each(['its folder', 'a store'])('results show from %s', (where) => {
  async function show(results: Left['results'], key: string, ...args: string[]) {
    const { cwd, flags } = await place(where, run(results));
    return command(['results', 'show', key, ...flags, ...args], { cwd });
  }

  it('prints JSON indented', async () => {
    const { stdout } = await show({}, 'b-1/iris/confusion-2.json');
    expect(JSON.parse(stdout)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(stdout).toContain('\n  [\n');
  });

  it('prints text without what could move the cursor, and its bytes with --raw', async () => {
    const { cwd, flags } = await place(where, run());
    const show = async (...args: string[]) =>
      (await command(['results', 'show', 'a-1/log.txt', ...flags, ...args], { cwd })).stdout;
    expect(await show()).toBe('one\ntwo\n');
    expect(await show('--raw')).toBe('one\ntwo\u001b[31m\n');
  });

  it('names an earlier attempt', async () => {
    expect((await show({}, 'a-1/1/log.txt')).stdout).toBe('old\n');
  });

  it('does not print what is no text', async () => {
    expect((await show({}, 'a-1/model/weights.bin')).stdout).toBe(
      '4 B that are no text; --raw prints them\n',
    );
  });

  it('says what may have been meant', async () => {
    const { code, stderr } = await show({}, 'a-1/model/weight.bin');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean a-1/model/weights.bin?');
  });

  it('does not take a store’s word for what a trial may have uploaded anywhere', async () => {
    const { code, stderr } = await show({}, 'b-1/iris/image-3.png');
    expect(code).toBe(3);
    expect(stderr).toContain(
      '"http://minio:9000", which neither the experiment file nor the environment names',
    );
  });
});

describe('results show', () => {
  it('tells type, shape and first elements of arrays', async () => {
    const npy = Buffer.concat(encodeNpy(Float64Array.from({ length: 103 }, (_, i) => i / 2)));
    const npz = Buffer.concat(encodeNpz({ x: Int8Array.of(1, -2), y: new Float32Array(0) }));
    const { folder } = run();
    writeFileSync(join(folder, 'results/a-1/2/x.npy'), npy);
    writeFileSync(join(folder, 'results/a-1/2/all.npz'), npz);
    const one = await command(['results', 'show', 'a-1/x.npy'], { cwd });
    expect(one.stdout).toMatch(/^float64 \(103,\)\n0 0\.5 1 .* 49\.5 \.\.\. 3 more\n$/);
    const all = await command(['results', 'show', 'a-1/all.npz'], { cwd });
    expect(all.stdout).toBe('x: int8 (2,)\n1 -2\ny: float32 (0,)\n');
    const document = JSON.parse((await command(['results', 'show', 'a-1/x.npy', '--json'], { cwd })).stdout);
    expect(document).toMatchObject({ schema: 'combu/result/v1', bytes: npy.length, value: null });
  });
});
