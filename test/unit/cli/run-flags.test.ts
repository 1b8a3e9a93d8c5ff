import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../../src/cli/context.js';
import { register as registerPlan } from '../../../src/cli/plan.js';
import { type RunFlags, reserved, wantsResume } from '../../../src/cli/run/flags.js';
import { register as registerRun } from '../../../src/cli/run.js';

const REGISTER = { run: registerRun, plan: registerPlan };

function commandOf(verb: keyof typeof REGISTER): { program: Command; command: Command } {
  const program = new Command('combu').exitOverride().configureOutput({ writeErr: () => {} });
  REGISTER[verb](program, { env: {} } as CliContext, () => {});
  const command = program.commands[0]!;
  command.action(() => {});
  return { program, command };
}

/** What the command line of `run` makes of these words; nothing is run. */
function flags(...words: string[]): RunFlags {
  const { program, command } = commandOf('run');
  program.parse(['run', ...words], { from: 'user' });
  return command.opts<RunFlags>();
}

describe('flags of run', () => {
  it('mean what they say', () => {
    expect(
      flags(
        '-j',
        '4',
        '-p',
        'false',
        '--deadline',
        '1h30m',
        '-m',
        'smaller',
        '--tag',
        'a=1',
        '--tag',
        'b=x=y',
      ),
    ).toMatchObject({
      jobs: 4,
      parallel: false,
      deadline: 5_400_000,
      message: 'smaller',
      tag: { a: '1', b: 'x=y' },
    });
    expect(flags('--reserve-disk', '2g').reserveDisk).toEqual({ amount: 2 * 1024 ** 3 });
    expect(flags('--log-limit', '16m').logLimit).toBe(16 * 1024 * 1024);
    expect(flags('-V', 'lr=0.1', '-V', 'who=Ada').extStr).toEqual({ lr: '0.1', who: 'Ada' });
  });

  it('--sample takes a share or a number of trials, and begins a run', () => {
    expect(flags('--sample', '1%').sample).toEqual({ percent: 1 });
    expect(flags('--sample', '10').sample).toEqual({ count: 10 });
    for (const wrong of ['0', '0%', '101%', '-1', '1.5', 'all']) {
      expect(() => flags('--sample', wrong)).toThrow(/share|--sample/);
    }
    expect(() => flags('--sample', '1%', '--only', 'failed')).toThrow(/cannot be used with/);
    expect(() => flags('--sample', '1%', '--resume')).toThrow(/cannot be used with/);
  });

  it('--set takes JSON, else a string; several times', () => {
    const words = ['--set', 'resources.memory=8Gi', '--set', 'retries=2', '--set', 'params={"a":"b=c"}'];
    expect(flags(...words).set).toEqual([
      { path: ['resources', 'memory'], value: '8Gi' },
      { path: ['retries'], value: 2 },
      { path: ['params'], value: { a: 'b=c' } },
    ]);
  });

  it.each([
    [['--only', 'failed']],
    [['--set', 'retries=2']],
    [['--rerun', 'a-*', '--rerun', 'b']],
    [['--image', 'keep']],
  ])('%j resumes the latest run', (words) => {
    expect(wantsResume(flags(...words))).toBe(true);
    expect(wantsResume(flags(...words, '--resume', 'k3jd'))).toBe('k3jd');
    expect(() => flags(...words, '--new')).toThrow(/cannot be used with/);
  });

  it('nothing else does', () => {
    expect(wantsResume(flags('-j', '4', '--keep', 'all'))).toBeUndefined();
  });

  it('--resume takes a run or none', () => {
    expect(flags('--resume').resume).toBe(true);
    expect(flags('--resume', 'k3jd').resume).toBe('k3jd');
    expect(flags().resume).toBeUndefined();
  });

  it.each([
    ['never', { kind: 'never' }],
    ['failures=3', { kind: 'failures', failures: 3 }],
    ['percent=12.5', { kind: 'percent', percent: 12.5 }],
    ['percent=10%', { kind: 'percent', percent: 10 }],
    ['sameError=5', { kind: 'sameError', sameError: 5 }],
  ])('--halt %s', (word, meant) => {
    expect(flags('--halt', word).halt).toEqual(meant);
  });

  it.each([
    ['--halt', 'failures=0'],
    ['--halt', 'failures=1.5'],
    ['--halt', 'percent=101'],
    ['--halt', 'soon'],
    ['-j', '0'],
    ['-p', 'no'],
    ['--deadline', 'tomorrow'],
    ['--reserve-memory', '101%'],
    ['--reserve-disk', 'little'],
    ['--reserve-cpus', 'some'],
    ['--uuid', 'Abc'],
    ['--tag', 'novalue'],
    ['--keep', 'some'],
    ['--set', 'retries'],
    ['--set', 'resources..memory=1g'],
    ['--set', 'name=other'],
    ['--image', 'new'],
    ['--ext-str', 'unsetvariable'],
  ])('%s %s is refused', (flag, word) => {
    expect(() => flags(flag, word)).toThrow();
  });

  it('--new and --resume exclude each other', () => {
    expect(() => flags('--new', '--resume')).toThrow(/cannot be used with/);
  });

  it('a reserve is an amount or a share of the whole, and never more than that', () => {
    expect(reserved({ amount: 2 }, 8)).toBe(2);
    expect(reserved({ percent: 25 }, 8)).toBe(2);
    expect(reserved({ amount: 16 }, 8)).toBe(8);
  });
});

describe('flags of plan', () => {
  const names = (verb: keyof typeof REGISTER) => commandOf(verb).command.options.map(({ long }) => long!);

  it('are those of run, but for what changes how it is run or shown and not what', () => {
    const plans = names('plan');
    expect(plans.filter((name) => !names('run').includes(name))).toEqual([]);
    const alone = [
      'detach',
      'dry-run',
      'message',
      'yes',
      'deadline',
      'keep',
      'halt',
      'log-limit',
      'store-wait',
      'tag',
    ];
    expect(names('run').filter((name) => !plans.includes(name))).toEqual(
      [...alone, 'progress', 'color'].map((name) => `--${name}`),
    );
  });

  it('mean what they mean to run', () => {
    const { program, command } = commandOf('plan');
    program.parse(['plan', '--reserve-disk', '2g', '--only', 'fit-*', '--set', 'retries=2'], {
      from: 'user',
    });
    expect(command.opts()).toMatchObject({
      reserveDisk: { amount: 2 * 1024 ** 3 },
      only: ['fit-*'],
      set: [{ path: ['retries'], value: 2 }],
    });
  });
});
