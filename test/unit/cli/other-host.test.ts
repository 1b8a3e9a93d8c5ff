import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { experimentId } from '../../../src/journal/identity.js';
import { holdRun } from '../../../src/journal/run-lock.js';
import { runPaths } from '../../../src/journal/run-paths.js';
import type { RunFolder } from '../../../src/journal/state-folder.js';
import { command } from '../../rig/command.js';
import { RunScript } from '../../rig/run-events.js';
import { writeRun } from '../../rig/run-folder.js';

let cwd: string;
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'combu-host-')));
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** No two tests share a run's id: the lock is the machine's. */
let runs = 0;

/** A run of `lab` with a trial that has begun, and a result; the end of its journal is torn: its supervisor writes there. */
function going(change: (run: RunScript) => void = () => {}): RunFolder {
  const id = `host${process.pid.toString(36)}x${(runs++).toString(36)}`.padEnd(12, '0');
  const script = new RunScript(undefined, id).start(['a']);
  script.begin('a');
  change(script);
  const run = writeRun(cwd, script, { results: { 'a/1/x.json': '1' } });
  writeFileSync(runPaths.journal(run.folder), '{"v":1,"time":', { flag: 'a' });
  return run;
}

const everything = ({ folder }: RunFolder) => [
  readFileSync(runPaths.journal(folder), 'utf8'),
  existsSync(runPaths.key(folder)),
  existsSync(join(runPaths.results(folder), 'a/1/x.json')),
];

/** No engine is there: whatever asks one has gone too far. */
const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock', TERM: 'dumb', LANG: 'C.UTF-8' };
const from = (host: string, ...argv: string[]) => command(argv, { cwd, host, env });
/** Where a file is evaluated, its place must be right for the test's process too. */
const evaluating = (host: string, ...argv: string[]) => command(argv, { cwd: process.cwd(), host, env });

describe('a run of another host that has no end', () => {
  it.each([
    ['push', ['push', '--store', './store'], '--take-over'],
    ['kill', ['kill'], '--take-over'],
    ['results rm', ['results', 'rm', '--yes'], '--force'],
  ])(
    '%s leaves it alone, says where it was started, and what says that it does not go on',
    async (_, argv, flag) => {
      const run = going();
      const before = everything(run);
      const { code, stderr } = await from('desk', ...argv, '--run', run.id);
      expect(code).toBe(3);
      expect(stderr).toBe(
        `combu: Run ${run.id} was started on lab and has no end in its journal: whether it goes on there can't be known on desk.\n` +
          `  Do this on lab. If you know that nothing supervises it there any more, add ${flag}.\n`,
      );
      expect(everything(run)).toEqual(before);
    },
  );

  it('is not gone on with, nor planned, before the user says so; and it is known to be of this file', async () => {
    const file = join(cwd, 'experiment.jsonnet');
    writeFileSync(file, "[{ name: 'fit', image: 'busybox' }]");
    const experiment = await experimentId(file, 'lab', 1000);
    const run = going((script) => {
      script.events[0] = { ...script.events[0]!, experiment } as (typeof script.events)[0];
    });
    const before = everything(run);
    for (const verb of ['run', 'plan']) {
      const argv = [verb, '-f', file, '--resume', run.id];
      const { code, stderr } = await evaluating('desk', ...argv);
      expect(stderr).toContain(`Run ${run.id} was started on lab and has no end`);
      expect(code).toBe(3);
      expect(stderr).toContain('add --take-over');
      // Then the engine is asked.
      const taken = await evaluating('desk', ...argv, '--take-over');
      expect(taken.stderr).toContain('/nowhere/docker.sock');
    }
    expect(everything(run)).toEqual(before);
    const copy = join(cwd, 'copy.jsonnet');
    copyFileSync(file, copy);
    const other = await evaluating('desk', 'run', '-f', copy, '--resume', run.id);
    expect(other.stderr).toContain('of another experiment file');
  });

  it('with the flag it is pushed, and removed', async () => {
    const run = going();
    const pushed = await from('desk', 'push', '--store', './store', '--run', run.id, '--take-over');
    expect(pushed.stderr).toContain('1 attempt had not ended');
    expect((await from('desk', 'results', 'rm', '--yes', '--run', run.id, '--force')).code).toBe(0);
    expect(existsSync(join(runPaths.results(run.folder), 'a'))).toBe(false);
  });

  it('status and runs say where it was started, and not that it was interrupted', async () => {
    const run = going();
    const status = await from('desk', 'status', '--run', run.id);
    expect(status.stdout).toContain("started on lab: how it stands can't be known from here");
    expect(status.stdout).toContain(`combu run --resume ${run.id} --take-over`);
    expect((await from('desk', 'runs')).stdout).toContain('on lab?');
    for (const argv of [['status'], ['wait'], ['runs'], ['attach'], ['logs', '-f'], ['ps']]) {
      const { stdout, stderr } = await from(
        'desk',
        ...argv,
        ...(argv[0] === 'runs' ? [] : ['--run', run.id]),
      );
      expect(stdout + stderr).not.toMatch(/interrupted|Nobody supervises|nobody supervises/);
    }
    const { run: shown } = JSON.parse((await from('desk', 'status', '--json', '--run', run.id)).stdout);
    expect(shown).toMatchObject({ state: 'elsewhere', host: 'lab' });
    expect((await from('lab', 'status', '--run', run.id)).stdout).toContain(
      'interrupted: nobody supervises it',
    );
  });
});

describe('a run that was started under another name of this host, or has ended', () => {
  it('goes on here, if its lock is held here', async () => {
    const run = going();
    const lock = await holdRun(run, { pid: process.pid }, () => {});
    try {
      expect((await from('desk', 'status', '--run', run.id)).stdout).toContain('running');
      expect((await from('desk', 'push', '--run', run.id)).stderr).toContain(`Run ${run.id} still goes on`);
    } finally {
      await lock!.release();
    }
  });

  it('is pushed and removed from anywhere, once it has ended', async () => {
    const run = going((script) => {
      script.end('a', 5).add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
    });
    expect((await from('desk', 'push', '--store', './store', '--run', run.id)).code).toBe(0);
    expect((await from('desk', 'results', 'rm', '--yes', '--run', run.id)).code).toBe(0);
  });

  it('belongs to the host that went on with it', async () => {
    const run = going((script) => {
      script.start(['a'], true);
      const started = script.events.at(-1)!;
      script.events[script.events.length - 1] = { ...started, host: 'desk' } as typeof started;
    });
    expect((await from('desk', 'status', '--run', run.id)).stdout).toContain('interrupted');
    expect((await from('lab', 'push', '--store', './store', '--run', run.id)).stderr).toContain(
      'started on desk',
    );
  });
});
