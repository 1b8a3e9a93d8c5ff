import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { experimentId } from '../../../src/journal/identity.js';
import {
  type HolderRequest,
  holdRun,
  isHeld,
  tellHolder,
  untilFree,
  whoHolds,
} from '../../../src/journal/run-lock.js';
import { createRunFolder } from '../../../src/journal/state-folder.js';

const root = mkdtempSync(join(tmpdir(), 'combu-lock-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let runs = 0;
/** Each test has a run of its own: locks are the machine's, not the folder's. */
const newRun = () => createRunFolder(root, `l${process.pid}x${runs++}`, Date.now());
const holder = { pid: process.pid };

describe('the lock of a run', () => {
  it('has one holder at a time, and is free after it', async () => {
    const run = await newRun();
    expect(await isHeld(run)).toBe(false);
    const lock = await holdRun(run, holder, () => {});
    expect(lock).toBeDefined();
    expect(await isHeld(run)).toBe(true);
    expect(await holdRun(run, holder, () => {})).toBeUndefined();
    await lock?.release();
    expect(await isHeld(run)).toBe(false);
    const next = await holdRun(run, holder, () => {});
    expect(next).toBeDefined();
    await next?.release();
  });

  it('carries requests to its holder', async () => {
    const run = await newRun();
    const heard: HolderRequest[] = [];
    const lock = await holdRun(run, { pid: 4711 }, (request) => heard.push(request));
    expect(await tellHolder(run, { type: 'stop', force: true })).toEqual({ pid: 4711 });
    expect(await tellHolder(run, { type: 'kill' })).toEqual({ pid: 4711 });
    expect(heard).toEqual([{ type: 'stop', force: true }, { type: 'kill' }]);
    await lock?.release();
    expect(await tellHolder(run, { type: 'kill' })).toBeUndefined();
  });

  it('says who holds it, and that it is no supervisor', async () => {
    const run = await newRun();
    expect(await whoHolds(run)).toBeUndefined();
    const heard: HolderRequest[] = [];
    const lock = await holdRun(run, { pid: 4711, doing: 'combu push' }, (request) => heard.push(request));
    expect(await whoHolds(run)).toEqual({ pid: 4711, doing: 'combu push' });
    expect(heard).toEqual([]);
    await lock?.release();
  });

  it.runIf(process.platform === 'linux')(
    'drops who sends without an end, and serves the others',
    async () => {
      const run = await newRun();
      const lock = await holdRun(run, holder, () => {});
      const socket = connect(`\0combu-run-${run.id}`);
      // The connection is reset, for there is more that nobody reads.
      socket.on('error', () => {});
      const dropped = new Promise<void>((resolve) => socket.on('close', () => resolve()));
      socket.resume().write('x'.repeat(100_000));
      await dropped;
      expect(await tellHolder(run, { type: 'kill' })).toEqual({ pid: process.pid });
      await lock?.release();
    },
  );

  it.runIf(process.platform === 'linux')('obeys nobody who can’t read the run’s folder', async () => {
    const run = await newRun();
    const heard: HolderRequest[] = [];
    const lock = await holdRun(run, holder, (request) => heard.push(request));
    const socket = connect(`\0combu-run-${run.id}`);
    socket.write(`${JSON.stringify({ key: 'guessed', request: { type: 'kill' } })}\n`);
    socket.resume();
    await once(socket, 'close');
    expect(heard).toEqual([]);
    await lock?.release();
  });

  it('tells when its holder is gone, also one that was killed', async () => {
    const run = await newRun();
    const script = join(root, 'hold.mjs');
    writeFileSync(
      script,
      `import { createServer } from 'node:net';
       createServer().listen('\\0combu-run-${run.id}', () => process.send('held'));`,
    );
    const child: ChildProcess = spawn(process.execPath, [script], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    expect(await isHeld(run)).toBe(true);
    const free = untilFree(run, AbortSignal.timeout(10_000));
    child.kill('SIGKILL');
    expect(await free).toBe(true);
    const lock = await holdRun(run, holder, () => {});
    expect(lock).toBeDefined();
    await lock?.release();
  });

  it('is waited for no longer than one wants', async () => {
    const run = await newRun();
    const lock = await holdRun(run, holder, () => {});
    const control = new AbortController();
    const free = untilFree(run, control.signal);
    control.abort();
    expect(await free).toBe(false);
    await lock?.release();
  });
});

describe('the identity of an experiment', () => {
  it('is that of its real path, the machine and the user, also when the file is gone', async () => {
    const file = join(root, 'experiment.jsonnet');
    const before = await experimentId(file, 'host', 1000);
    writeFileSync(file, '[]');
    expect(await experimentId(file, 'host', 1000)).toBe(before);
    expect(await experimentId(join(root, '.', 'x', '..', 'experiment.jsonnet'), 'host', 1000)).toBe(before);
    expect(await experimentId(file, 'other', 1000)).not.toBe(before);
    expect(await experimentId(file, 'host', 1001)).not.toBe(before);
    expect(before).toMatch(/^[0-9a-f]{32}$/);
  });
});
