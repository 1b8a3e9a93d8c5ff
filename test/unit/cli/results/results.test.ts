import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flatten } from '../../../../src/cli/results/collect.js';
import { command } from '../../../rig/command.js';
import { RunScript } from '../../../rig/run-events.js';
import { type Left, writeRun } from '../../../rig/run-folder.js';

let cwd: string;
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'combu-results-')));
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** a-1 succeeded at its second attempt, and then failed when it was run anew; b-1 succeeded; c-1 failed. */
function sweep(results: Left['results'] = RESULTS): void {
  const run = new RunScript().start([{ name: 'loader', kind: 'service' }, 'a-1', 'b-1', 'c-1']);
  run.begin('a-1').end('a-1', 0, { outcome: 'failed', cause: 'exit 1' }, { final: false });
  run.begin('a-1', 2).end('a-1', 0, { attempt: 2 });
  run.begin('b-1').end('b-1', 0).begin('c-1').fail('c-1', 0, 'no');
  run.begin('a-1', 3).end('a-1', 0, { attempt: 3, outcome: 'failed', cause: 'exit 1' });
  run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
  const plan = {
    trials: [
      { name: 'a-1', params: { mode: 'a', tree: { depth: 3 } } },
      { name: 'b-1', params: { mode: 'b, "deep"', tree: { depth: 12 } } },
      { name: 'c-1', params: { mode: 'c', tree: { depth: 5 } } },
    ],
  };
  writeRun(cwd, run, { results: results ?? {}, plan });
}

const RESULTS = {
  'a-1/1/accuracy.json': '{"accuracy": 0.1}',
  'a-1/2/accuracy.json': '{"accuracy": 0.9333333333333333, "confusion": [[1, 2], [3, 4]]}',
  'a-1/2/model/weights.bin': 'xxxx',
  'a-1/3/accuracy.json': '{"accuracy": 0.3}',
  'b-1/1/accuracy.json': '{"accuracy": 1}',
  'b-1/1/note.json': '"fine"',
  'c-1/1/accuracy.json': '{"accuracy": 0.2}',
};

describe('results table', () => {
  it('has params beside the scalars of each trial’s latest success', async () => {
    sweep();
    const { code, stdout } = await command(['results', 'table'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toBe(
      `
TRIAL  STATE   mode       tree.depth  accuracy  note
a-1    failed  a                   3  0.933333
b-1            b, "deep"          12         1  fine
c-1    failed  c                   5
`.trimStart(),
    );
  });

  it('has JSON with numbers in full', async () => {
    sweep();
    const { stdout } = await command(['results', 'table', '--json', 'a-*'], { cwd });
    const document = JSON.parse(stdout);
    expect(document.schema).toBe('combu/results/v1');
    expect(document.trials).toEqual([
      {
        trial: 'a-1',
        attempt: 2,
        state: 'failed',
        params: { mode: 'a', tree: { depth: 3 } },
        values: { accuracy: 0.9333333333333333 },
      },
    ]);
  });

  it('has comma-separated values that quote what must be quoted', async () => {
    sweep();
    const { stdout } = await command(['results', 'table', '--csv'], { cwd });
    expect(stdout.split('\r\n')).toEqual([
      'trial,attempt,state,mode,tree.depth,accuracy,note',
      'a-1,2,failed,a,3,0.9333333333333333,',
      'b-1,1,succeeded,"b, ""deep""",12,1,fine',
      'c-1,,failed,c,5,,',
      '',
    ]);
  });

  it('tells values apart by file where several files have them', async () => {
    sweep({
      'b-1/1/train.json': '{"loss": 1, "epochs": 5}',
      'b-1/1/test.json': '{"loss": 2}',
    });
    const { stdout } = await command(['results', 'table', 'b-1'], { cwd });
    expect(stdout.split('\n')[0]).toMatch(/test\.loss +train\.loss +epochs$/);
  });

  it('names files that are no JSON', async () => {
    sweep({ 'b-1/1/broken.json': '{"loss": NaN}', 'b-1/1/log.txt': 'x' });
    const { code, stderr } = await command(['results', 'table'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain('1 file left out, no JSON or too large for a table: b-1/1/broken.json');
  });
});

describe('results ls and pull', () => {
  it('list the files that count, with sizes', async () => {
    sweep();
    const { stdout } = await command(['results', 'ls'], { cwd });
    expect(stdout).toBe(
      `
TRIAL  ATTEMPT  SIZE  FILE
a-1          2  63 B  accuracy.json
a-1          2   4 B  model/weights.bin
b-1          1  15 B  accuracy.json
b-1          1   6 B  note.json
`.trimStart(),
    );
  });

  it('copy them, and overwrite nothing', async () => {
    sweep();
    expect((await command(['results', 'pull', '-o', 'out', 'a-1'], { cwd })).code).toBe(0);
    expect(readFileSync(join(cwd, 'out/a-1/accuracy.json'), 'utf8')).toContain('0.9333');
    expect(readFileSync(join(cwd, 'out/a-1/model/weights.bin'), 'utf8')).toBe('xxxx');
    expect(existsSync(join(cwd, 'out/b-1'))).toBe(false);
    const again = await command(['results', 'pull', '-o', 'out'], { cwd });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('is there already');
  });
});

describe('flatten', () => {
  it('has scalars by their paths', () => {
    const flat = flatten({ a: { b: 1, c: { d: null } }, e: [1, 2], f: 'x', g: true });
    expect([...flat]).toEqual([
      ['a.b', 1],
      ['a.c.d', null],
      ['f', 'x'],
      ['g', true],
    ]);
    expect([...flatten(0.5)]).toEqual([['', 0.5]]);
  });
});
