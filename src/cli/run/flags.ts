import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Assignment } from '../../model/assignment.js';
import type { Halt, Keep } from '../../model/experiment.js';
import type { JsonValue } from '../../model/json.js';
import { isRunId } from '../../model/run-id.js';
import type { SampleSize } from '../../plan/sample.js';
import type { ImageChoice } from '../../plan/settled.js';
import { parseDuration } from '../../util/duration.js';
import { parseSize } from '../../util/size.js';
import {
  type DisplayFlags,
  type ExperimentFlags,
  type JsonnetFlags,
  positive,
  takeOverFlag,
  trueOrFalse,
} from '../flags.js';
import type { TakeOverFlags } from '../other-host.js';

/** What stays free for others: an amount, or a share of what the machine has. */
export type Reserve = { readonly amount: number } | { readonly percent: number };

/** Flags that decide what is planned: `run` and `plan` have them. */
export interface PlanFlags extends ExperimentFlags, JsonnetFlags, TakeOverFlags {
  readonly jobs?: number;
  readonly parallel?: boolean;
  readonly reserveCpus?: Reserve;
  readonly reserveMemory?: Reserve;
  /** Of the disks that it fills. */
  readonly reserveDisk?: Reserve;
  readonly gpus?: string;
  readonly uuid?: string;
  /** true = this experiment's latest run. */
  readonly resume?: string | true;
  /** Trials to run: names, globs, `failed`; means resuming. */
  readonly only?: readonly string[];
  /** Fields of the chosen trials that are set over the file from now on; means resuming. */
  readonly set?: readonly Assignment[];
  /** What earlier resumes have set over the file does not count any more; means resuming. */
  readonly unset?: true;
  /** Trials that run again although they are done: names and globs; means resuming. */
  readonly rerun?: readonly string[];
  /** What an image that was rebuilt since means to what is done; means resuming. */
  readonly image?: ImageChoice;
  /** How many of the trials to begin with; then the rest is forecast. */
  readonly sample?: SampleSize;
  readonly new?: true;
  /** Where results go besides the run's folder; `none` = nowhere. */
  readonly store?: string;
  readonly json?: true;
}

/** Every flag of `run`, as commander hands it over. */
export interface RunFlags extends PlanFlags, DisplayFlags {
  readonly detach?: true;
  readonly dryRun?: true;
  readonly message?: string;
  readonly yes?: true;
  /** Milliseconds. */
  readonly deadline?: number;
  readonly keep?: Keep;
  readonly halt?: Halt;
  /** Bytes of log kept of each trial. */
  readonly logLimit?: number;
  readonly tag: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly storeWait?: number;
}

/** What says that a run is to be gone on with, and how. */
export type ResumeFlags = Pick<PlanFlags, 'resume' | 'only' | 'set' | 'unset' | 'rerun' | 'image'>;

/** The run that is to be gone on with, as `--resume` names it; several flags have no meaning but with it. */
export function wantsResume(flags: ResumeFlags): string | true | undefined {
  const { resume, only, set, unset, rerun, image } = flags;
  const implied = [only, set, unset, rerun, image].some((flag) => flag !== undefined);
  return resume ?? (implied ? true : undefined);
}

/** Adds the flags that decide what is planned. */
export function planFlags(command: Command): Command {
  return takeOverFlag(command)
    .option('--resume [run]', 'go on with a run (default: the latest)')
    .addOption(
      new Option('--only <what>', 'resume, but only trials of this name or glob, or: failed')
        .argParser(word)
        .conflicts('new'),
    )
    .addOption(
      new Option(
        '--set <path=value>',
        'resume, with a field of the chosen trials set over the file from now on, such as resources.memory=8Gi',
      )
        .argParser(assignment)
        .conflicts('new'),
    )
    .addOption(
      new Option('--unset', 'resume, and forget what earlier --set have set').conflicts(['new', 'sample']),
    )
    .addOption(
      new Option(
        '--rerun <glob>',
        'resume, and run these again although they are done, and what completed on them',
      )
        .argParser(word)
        .conflicts('new'),
    )
    .addOption(
      new Option(
        '--image <choice>',
        'resume with an image that was rebuilt since; keep: what is done stays done; rerun: it runs again',
      )
        .choices(['keep', 'rerun'])
        .conflicts('new'),
    )
    .addOption(
      new Option(
        '--sample <size>',
        'begin with a few trials, such as 1% or 10, and forecast time, memory and disk of the rest',
      )
        .argParser(sampleSize)
        .conflicts(['resume', 'only', 'set', 'rerun', 'image']),
    )
    .addOption(new Option('--new', 'start anew; kill what is left of an interrupted run').conflicts('resume'))
    .addOption(
      new Option('-j, --jobs <n>', 'at most so many trials at once').argParser(positive).env('COMBU_JOBS'),
    )
    .addOption(
      new Option('-p, --parallel <true|false>', 'false: one trial at a time')
        .argParser(trueOrFalse)
        .env('COMBU_PARALLEL'),
    )
    .addOption(
      new Option('--reserve-cpus <n>', 'cpus kept free for others, or a share such as 25% (default: 0)')
        .argParser(reserveCpus)
        .env('COMBU_RESERVE_CPUS'),
    )
    .addOption(
      new Option('--reserve-memory <size>', 'memory kept free for others, or a share (default: 10%)')
        .argParser(reserveBytes)
        .env('COMBU_RESERVE_MEMORY'),
    )
    .addOption(
      new Option(
        '--reserve-disk <size>',
        'disk kept free: nothing starts while less is, or a share (default: 5%, at most 2g)',
      )
        .argParser(reserveBytes)
        .env('COMBU_RESERVE_DISK'),
    )
    .addOption(
      new Option('--gpus <ids>', 'the GPUs to give out, such as GPU-1a,GPU-2b (default: all)').env(
        'COMBU_GPUS',
      ),
    )
    .addOption(
      new Option('--uuid <id>', 'the run’s id, which replaces UUID').argParser(runId).env('COMBU_UUID'),
    )
    .addOption(storeFlag());
}

/** Where results are stored: `run`, `plan` and `push` have it. */
export function storeFlag(): Option {
  return new Option(
    '--store <address>',
    'where results go besides the run’s folder: s3://bucket/prefix, a folder, or none',
  ).env('COMBU_STORE');
}

export function storeWaitFlag(): Option {
  return new Option(
    '--store-wait <time>',
    'how long a store that takes nothing is waited for at the end (default: 60s)',
  )
    .argParser(duration)
    .env('COMBU_STORE_WAIT');
}

function runId(word: string): string {
  if (!isRunId(word))
    throw new InvalidArgumentError('Write 12 characters of a-z and 0-9, the first a letter.');
  return word;
}

/** `2`, `0.5` or `25%`. */
function reserveCpus(word: string): Reserve {
  return (
    percent(word) ?? { amount: amount(/^\d+(\.\d+)?$/.test(word) ? Number(word) : undefined, '2 or 25%') }
  );
}

/** `2g` or `10%`. */
export function reserveBytes(word: string): Reserve {
  return percent(word) ?? { amount: amount(parseSize(word), '2g or 10%') };
}

function percent(word: string): Reserve | undefined {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(word);
  if (match === null) return undefined;
  const share = Number(match[1]);
  if (share > 100) throw new InvalidArgumentError('A share is at most 100%.');
  return { percent: share };
}

/** What it comes to of `whole`. */
export function reserved(reserve: Reserve, whole: number): number {
  return 'percent' in reserve ? (whole * reserve.percent) / 100 : Math.min(reserve.amount, whole);
}

/** Milliseconds of `90s`, `10m`, `1h30m`. */
export function duration(word: string): number {
  return amount(parseDuration(word), '90s, 10m or 1h30m');
}

/** Bytes of `64m`. */
export function size(word: string): number {
  return amount(parseSize(word), '64m');
}

function amount(value: number | undefined, example: string): number {
  if (value === undefined) throw new InvalidArgumentError(`Write it as ${example}.`);
  return value;
}

/** `1%`, or `10` trials. */
export function sampleSize(word: string): SampleSize {
  const share = /^\d+(\.\d+)?%$/.test(word) ? percent(word) : undefined;
  if (share !== undefined && 'percent' in share && share.percent > 0) return share;
  const count = /^\d+$/.test(word) ? Number(word) : 0;
  if (count > 0) return { count };
  throw new InvalidArgumentError('Write a share such as 1%, or a number of trials such as 10.');
}

/** `never`, `failures=3`, `percent=10` or `sameError=5`. */
export function halt(word: string): Halt {
  if (word === 'never') return { kind: 'never' };
  const match = /^(failures|percent|sameError)=(\d+(?:\.\d+)?)%?$/.exec(word);
  const count = Number(match?.[2]);
  const whole = match?.[1] === 'percent' || Number.isInteger(count);
  if (match !== null && count > 0 && whole) {
    if (match[1] === 'failures') return { kind: 'failures', failures: count };
    if (match[1] === 'sameError') return { kind: 'sameError', sameError: count };
    if (count <= 100) return { kind: 'percent', percent: count };
  }
  throw new InvalidArgumentError('Write never, failures=3, percent=10 or sameError=5.');
}

/** `resources.memory=8Gi`, several times: JSON where the value is that, else a string. */
export function assignment(word: string, before: readonly Assignment[] = []): readonly Assignment[] {
  const at = word.indexOf('=');
  const path = word.slice(0, Math.max(0, at)).split('.');
  if (at < 1 || path.includes('')) throw new InvalidArgumentError('Write it as resources.memory=8Gi.');
  if (path[0] === 'name') throw new InvalidArgumentError('Trials are told apart by their names.');
  const text = word.slice(at + 1);
  return [...before, { path, value: jsonOr(text) }];
}

function jsonOr(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

/** One word more, for flags that may be given several times. */
export function word(one: string, before: readonly string[] = []): readonly string[] {
  return [...before, one];
}

/** `key=value`, several times. */
export function tag(word: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = word.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write key=value.');
  return { ...before, [word.slice(0, at)]: word.slice(at + 1) };
}
