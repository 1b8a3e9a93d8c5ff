import { InvalidArgumentError } from 'commander';
import type { Halt, Keep } from '../../model/experiment.js';
import { parseDuration } from '../../util/duration.js';
import { parseSize } from '../../util/size.js';
import type { DisplayFlags, ExperimentFlags, JsonnetFlags } from '../flags.js';

/** What stays free for others: an amount, or a share of what the machine has. */
export type Reserve = { readonly amount: number } | { readonly percent: number };

/** Every flag of `run`, as commander hands it over. */
export interface RunFlags extends ExperimentFlags, JsonnetFlags, DisplayFlags {
  readonly detach?: true;
  readonly dryRun?: true;
  readonly message?: string;
  /** true = this experiment's latest run. */
  readonly resume?: string | true;
  readonly new?: true;
  readonly yes?: true;
  readonly jobs?: number;
  /** Milliseconds. */
  readonly deadline?: number;
  readonly parallel?: boolean;
  readonly uuid?: string;
  readonly keep?: Keep;
  readonly halt?: Halt;
  readonly reserveCpus?: Reserve;
  readonly reserveMemory?: Reserve;
  readonly gpus?: string;
  /** Bytes of log kept of each trial. */
  readonly logLimit?: number;
  readonly tag: Readonly<Record<string, string>>;
  readonly json?: true;
}

/** `2`, `0.5` or `25%`. */
export function reserveCpus(word: string): Reserve {
  return (
    percent(word) ?? { amount: amount(/^\d+(\.\d+)?$/.test(word) ? Number(word) : undefined, '2 or 25%') }
  );
}

/** `2g` or `10%`. */
export function reserveMemory(word: string): Reserve {
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

/** `key=value`, several times. */
export function tag(word: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = word.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write key=value.');
  return { ...before, [word.slice(0, at)]: word.slice(at + 1) };
}
