import { appendFileSync, mkdtempSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogSource, tailPosition } from '../../../../src/cli/logs/log-source.js';
import { holdRun, type RunLock } from '../../../../src/journal/run-lock.js';
import { runPaths } from '../../../../src/journal/run-paths.js';
import type { RunFolder } from '../../../../src/journal/state-folder.js';
import { command, startCommand } from '../../../rig/command.js';
import { RunScript } from '../../../rig/run-events.js';
import { appendEvents, writeRun } from '../../../rig/run-folder.js';

let cwd: string;
const locks: RunLock[] = [];
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'combu-logs-')));
});
afterEach(async () => {
  for (const lock of locks.splice(0)) await lock.release();
  rmSync(cwd, { recursive: true });
});

/** No two tests share a run's id: the lock is the machine's. */
let runs = 0;
const script = () =>
  new RunScript(undefined, `logs${process.pid.toString(36)}x${(runs++).toString(36)}`.padEnd(12, '0'));

/** A run on disk that a supervisor holds, and what is written to it. */
async function live(run: RunScript, logs: Readonly<Record<string, string>>) {
  const folder: RunFolder = writeRun(cwd, run, { logs });
  locks.push((await holdRun(folder, { pid: 1 }, () => {}))!);
  let written = run.events.length;
  return {
    log: (trial: string, attempt: number) => runPaths.log(folder.folder, trial, attempt),
    /** Hands the script's new events to the journal. */
    journal() {
      appendEvents(folder, run.events.slice(written));
      written = run.events.length;
    },
  };
}

describe('logs of a run that has ended', () => {
  const logs = { 'a.1': 'first try\n', 'a.2': 'one\ntwo\n\u001b[31mthree\u001b[0m\n', 'bb.1': 'only' };
  function ended(): RunScript {
    const run = script().start(['a', 'bb', 'c']);
    run.begin('a').end('a', 0, { outcome: 'failed', cause: 'exit 1' }, { final: false });
    run.add({ type: 'trial.retrying', trial: 'a', attempt: 1, delay: 0, why: 'exit 1' });
    run.begin('a', 2).end('a', 0, { attempt: 2 }).begin('bb').end('bb', 0);
    run.add({ type: 'trial.skipped', trial: 'c', cause: { kind: 'halted' } });
    return run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
  }

  it('of one trial are its latest attempt’s very bytes', async () => {
    writeRun(cwd, ended(), { logs });
    expect((await command(['logs', 'a'], { cwd })).stdout).toBe(logs['a.2']);
    expect((await command(['logs', 'a', '--attempt', '1'], { cwd })).stdout).toBe(logs['a.1']);
  });

  it('come without control characters to a terminal', async () => {
    writeRun(cwd, ended(), { logs });
    const { stdout } = await command(['logs', 'a'], {
      cwd,
      columns: 80,
      env: { TERM: 'xterm', NO_COLOR: '1' },
    });
    expect(stdout).toBe('one\ntwo\nthree\n');
  });

  it('of several stand behind their names', async () => {
    writeRun(cwd, ended(), { logs });
    const { stdout } = await command(['logs'], { cwd });
    expect(stdout).toBe('a.2 | one\na.2 | two\na.2 | three\nbb | only\n');
  });

  it('can be cut to their last lines', async () => {
    writeRun(cwd, ended(), { logs });
    const { stdout } = await command(['logs', '--tail', '1', 'a', 'bb'], { cwd });
    expect(stdout).toBe('a.2 | three\nbb | only\n');
  });

  it('are objects for programs, one a line', async () => {
    writeRun(cwd, ended(), { logs });
    const { stdout } = await command(['logs', 'bb', '--json'], { cwd });
    expect(JSON.parse(stdout)).toEqual({ schema: 'combu/log/v1', trial: 'bb', attempt: 1, line: 'only' });
  });

  it('are missed with a word where there is none', async () => {
    writeRun(cwd, ended(), { logs });
    const { code, stdout, stderr } = await command(['logs', 'c'], { cwd });
    expect([code, stdout, stderr]).toEqual([0, '', 'c has no log yet.\n']);
  });

  it('of a trial that the sample left out are told to come with the rest', async () => {
    const { id } = writeRun(cwd, ended(), { logs, experiment: [{ name: 'a' }, { name: 'later' }] });
    const { code, stderr } = await command(['logs', 'later'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(`later is not in run ${id} yet`);
    expect(stderr).toContain(`combu run --resume ${id}`);
  });
});

describe('logs -f', () => {
  it('hands on what is written, also by further attempts, until the trial has ended', async () => {
    const run = script().start(['a', 'b']).begin('a').begin('b');
    const now = await live(run, { 'a.1': 'begin\n', 'b.1': 'other\n' });
    const following = startCommand(['logs', '-f', 'a'], { cwd });
    await following.until('begin');
    appendFileSync(now.log('a', 1), 'more\n');
    await following.until('more');
    run.end('a', 0, { outcome: 'failed', cause: 'exit 1' }, { final: false });
    run.add({ type: 'trial.retrying', trial: 'a', attempt: 1, delay: 0, why: 'exit 1' }).begin('a', 2);
    writeFileSync(now.log('a', 2), 'second\n');
    now.journal();
    await following.until('second');
    appendFileSync(now.log('a', 2), 'the end');
    run.end('a', 0, { attempt: 2 });
    now.journal();
    expect(await following.code).toBe(0);
    expect(following.stdout()).toBe('begin\nmore\nsecond\nthe end');
  });

  it('interleaves several trials, whole lines each', async () => {
    const run = script().start(['a', 'b']).begin('a');
    const now = await live(run, { 'a.1': 'a1\na2 un' });
    const following = startCommand(['logs', '-f'], { cwd });
    await following.until('a1');
    run.begin('b');
    writeFileSync(now.log('b', 1), 'b1\n');
    now.journal();
    await following.until('b1');
    appendFileSync(now.log('a', 1), 'finished\n');
    await following.until('finished');
    run.end('a', 0).end('b', 0).add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
    now.journal();
    expect(await following.code).toBe(0);
    expect(following.stdout()).toBe('a | a1\nb | b1\na | a2 unfinished\n');
  });

  it('begins with the last lines where asked', async () => {
    const run = script().start(['a']).begin('a');
    const now = await live(run, { 'a.1': '1\n2\n3\n' });
    const following = startCommand(['logs', '-f', '-n', '2', 'a'], { cwd });
    await following.until('3');
    run.end('a', 0);
    now.journal();
    await following.code;
    expect(following.stdout()).toBe('2\n3\n');
  });

  it('ends at once, and says why, where nobody supervises the run', async () => {
    writeRun(cwd, script().start(['a']).begin('a'), { logs: { 'a.1': 'so far\n' } });
    const { code, stdout, stderr } = await command(['logs', '-f', 'a'], { cwd });
    expect([code, stdout]).toEqual([0, 'so far\n']);
    expect(stderr).toContain('Nobody supervises run');
  });
});

describe('a log that grows', () => {
  it('is read on after it was cut back to its head', async () => {
    const path = join(cwd, 'log');
    const pieces: Uint8Array[] = [];
    const output = {
      write: async (bytes: Uint8Array) => void pieces.push(bytes),
      end: async () => {},
    };
    const source = new LogSource(path, output, 0);
    await source.read();
    writeFileSync(path, 'head\nmiddle\n');
    await source.read();
    truncateSync(path, 'head\n'.length);
    await source.read();
    appendFileSync(path, '(cut)\ntail\n');
    await source.read();
    expect(Buffer.concat(pieces).toString()).toBe('head\nmiddle\n(cut)\ntail\n');
  });
});

describe('the position of the last lines', () => {
  it('is found from the end, across the pieces that are read', async () => {
    const path = join(cwd, 'log');
    const line = `${'x'.repeat(999)}\n`;
    writeFileSync(path, line.repeat(1000));
    expect(await tailPosition(path, 3)).toBe(997_000);
    expect(await tailPosition(path, 700)).toBe(300_000);
    expect(await tailPosition(path, 5000)).toBe(0);
  });

  it('counts an unfinished last line', async () => {
    const path = join(cwd, 'log');
    writeFileSync(path, 'a\nb\nc');
    expect(await tailPosition(path, 1)).toBe(4);
    expect(await tailPosition(path, 2)).toBe(2);
  });
});
