import { resolve } from 'node:path';
import pLimit from 'p-limit';
import picomatch from 'picomatch';
import { Failure } from '../../model/failure.js';
import { plural } from '../../report/text/amounts.js';
import { Download, type Pulled } from '../../results/download.js';
import type { ResultObject, RunResults } from '../../results/run-results.js';
import { StoreError } from '../../store/object-store.js';
import { parseDuration } from '../../util/duration.js';
import { formatSize } from '../../util/size.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import { collectTrials, readObjects } from './collect.js';
import { type ResultsChoice, withResults } from './open.js';
import { tellUnnamed } from './unnamed.js';

export interface PullFlags extends ResultsChoice {
  readonly output: string;
  /** Names or globs of trials, beside those that are arguments. */
  readonly trial: readonly string[];
  /** Globs of files. */
  readonly only: readonly string[];
  /** A time, or how long ago. */
  readonly since?: string;
  readonly json?: true;
  readonly latest?: true;
}

/** Copies at once: what keeps one server busy. */
const AT_ONCE = 16;

/** `combu results pull`: copies what trials have saved to `FOLDER/<trial>/`; what is there and equal stays. */
export function pull(context: CliContext, words: readonly string[], flags: PullFlags): Promise<ExitCode> {
  return withResults(context, flags, async (results) => {
    const now = context.clock.now();
    const wanted = chosenBy(flags, now);
    const chosen = [...words, ...flags.trial];
    const { trials } = await collectTrials(results, chosen, {
      now,
      host: context.host,
      latest: flags.latest === true,
    });
    const objects = (await readObjects(results, trials)).filter(wanted);
    tellUnnamed(context, results);
    const ends = await pullAll(results, objects, resolve(context.cwd, flags.output));
    tell(context, flags, ends);
    return ends.some(({ end }) => end === 'different' || end instanceof Error) ? EXIT.refused : EXIT.ok;
  });
}

interface PullEnd {
  readonly object: ResultObject;
  readonly end: Pulled | Error;
}

async function pullAll(
  results: RunResults,
  objects: readonly ResultObject[],
  folder: string,
): Promise<readonly PullEnd[]> {
  const download = new Download(folder);
  const limit = pLimit(AT_ONCE);
  const ends = await Promise.all(
    objects.map((object) =>
      limit(async (): Promise<PullEnd> => {
        try {
          return { object, end: await download.pull(results, object) };
        } catch (error) {
          // What is wrong with one object, or with the disk under it, says nothing about the others.
          if (!isTellable(error)) throw error;
          return { object, end: error };
        }
      }),
    ),
  );
  await download.close();
  return ends;
}

/** An error that says what it is to a user: combu's own, a store's, or the system's. */
function isTellable(error: unknown): error is Error {
  return (
    error instanceof Failure ||
    error instanceof StoreError ||
    (error instanceof Error && 'code' in error && 'syscall' in error)
  );
}

function chosenBy({ only, since }: PullFlags, now: number): (object: ResultObject) => boolean {
  // `*.npy` means such files in any folder.
  const matchers = only.map((glob) => picomatch(glob, { dot: true, basename: !glob.includes('/') }));
  const from = since === undefined ? Number.NEGATIVE_INFINITY : timeOf(since, now);
  return ({ name, time }) =>
    (matchers.length === 0 || matchers.some((matches) => matches(name))) &&
    (since === undefined || time >= from);
}

/** Milliseconds since the epoch. */
function timeOf(word: string, now: number): number {
  const ago = /^\d+(\.\d+)?$/.test(word) ? undefined : parseDuration(word);
  if (ago !== undefined) return now - ago;
  const time = /^\d{4}-\d\d-\d\d/.test(word) ? Date.parse(localDay(word)) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new Failure(`--since: ${word} is no time.`, {
    owner: 'user',
    fix: 'Write how long ago, such as 2h, or when, such as 2026-11-21 or 2026-11-21T14:00.',
  });
}

/** A day alone begins at midnight where the user is; JavaScript would take it for UTC. */
function localDay(word: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(word) ? `${word}T00:00` : word;
}

function tell(context: CliContext, flags: PullFlags, ends: readonly PullEnd[]): void {
  const of = (wanted: Pulled) => ends.filter(({ end }) => end === wanted).map(({ object }) => object);
  const pulled = of('pulled');
  const present = of('present');
  const different = of('different');
  const failed = ends.flatMap(({ object, end }) => (end instanceof Error ? [{ object, end }] : []));
  if (flags.json) {
    const document = {
      schema: 'combu/pull/v1',
      folder: resolve(context.cwd, flags.output),
      pulled: pulled.map(pathIn),
      present: present.map(pathIn),
      different: different.map(pathIn),
      failed: failed.map(({ object, end }) => ({ file: pathIn(object), message: end.message })),
    };
    context.stdout.write(`${JSON.stringify(document)}\n`);
  }
  for (const { object, end } of first(failed)) context.stderr.write(`${pathIn(object)}: ${end.message}\n`);
  if (failed.length > SHOWN) context.stderr.write(`and ${failed.length - SHOWN} more\n`);
  if (different.length > 0) {
    const more = different.length > SHOWN ? ` and ${different.length - SHOWN} more` : '';
    context.stderr.write(
      `${plural(different.length, 'file')} there already with another content, left as they are: ` +
        `${first(different).map(pathIn).join(', ')}${more}\n  Name a new folder: combu results pull -o FOLDER\n`,
    );
  }
  const bytes = pulled.reduce((sum, object) => sum + object.bytes, 0);
  const trials = new Set([...pulled, ...present].map(({ trial }) => trial)).size;
  const there = present.length === 0 ? '' : `, ${present.length} there already`;
  context.stderr.write(
    `${plural(pulled.length, 'file')} (${formatSize(bytes)}) of ${plural(trials, 'trial')} copied to ${flags.output}${there}\n`,
  );
}

/** So many of those that went wrong are named. */
const SHOWN = 5;

function first<T>(all: readonly T[]): readonly T[] {
  return all.slice(0, SHOWN);
}

function pathIn({ trial, name }: ResultObject): string {
  return `${trial}/${name}`;
}
