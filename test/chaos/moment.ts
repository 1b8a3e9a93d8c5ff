import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../fuzz/random.js';
import type { EngineProxy } from '../rig/engine-proxy.js';

/** What combu asks of the engine, and where in such a call it may be struck. */
const CALLS = {
  create: /^POST .*\/containers\/create/,
  start: /^POST .*\/containers\/\w+\/start/,
  stop: /^POST .*\/containers\/\w+\/(stop|kill)/,
  remove: /^DELETE .*\/containers\//,
  look: /^GET .*\/containers\/\w+\/json/,
  log: /^GET .*\/containers\/\w+\/logs/,
  copy: /^GET .*\/containers\/\w+\/archive/,
  'make a network': /^POST .*\/networks\/create/,
  'remove a network': /^DELETE .*\/networks\//,
  'make a volume': /^POST .*\/volumes\/create/,
} as const;

/** When something happens to a combu that is under way. */
export type Moment =
  /** Milliseconds after it was started. */
  | { readonly at: 'clock'; readonly ms: number }
  /** Milliseconds after its run's journal has got so many lines more. */
  | { readonly at: 'journal'; readonly lines: number; readonly ms: number }
  /** At its nth call of a kind: the engine has not heard of it, or has done it and nobody knows. */
  | {
      readonly at: 'call';
      readonly call: keyof typeof CALLS;
      readonly nth: number;
      readonly side: 'before' | 'after';
    };

export function chooseMoment(random: Random): Moment {
  return random.weighted<() => Moment>([
    [15, () => ({ at: 'clock', ms: random.below(3000) })],
    [35, () => ({ at: 'journal', lines: random.between(1, 30), ms: random.pick([0, 0, random.below(200)]) })],
    [
      50,
      () => ({
        at: 'call',
        call: random.weighted<keyof typeof CALLS>([
          [20, 'create'],
          [20, 'start'],
          [5, 'stop'],
          [25, 'remove'],
          [8, 'look'],
          [6, 'log'],
          [10, 'copy'],
          [3, 'make a network'],
          [5, 'remove a network'],
          [3, 'make a volume'],
        ]),
        nth: random.between(1, 4),
        side: random.pick(['before', 'after']),
      }),
    ],
  ])();
}

export function describeMoment(moment: Moment): string {
  switch (moment.at) {
    case 'clock':
      return `after ${moment.ms} ms`;
    case 'journal':
      return `${moment.ms === 0 ? '' : `${moment.ms} ms `}after ${moment.lines} lines of journal`;
    case 'call':
      return `${moment.side} the engine's answer to ${moment.call} ${moment.nth}`;
  }
}

/**
 * Resolves, having called `blow`, when the moment has come; or with false when `over` resolves before. `blow` tells whether
 * there was anybody to hit: if not, it is called again soon.
 */
export async function strikeAt(
  moment: Moment,
  place: { readonly runs: string; readonly proxy: EngineProxy },
  over: Promise<unknown>,
  blow: () => boolean,
): Promise<boolean> {
  let isOver = false;
  void over.then(() => {
    isOver = true;
  });
  const come = arrival(moment, place, () => !isOver && blow());
  for (;;) {
    if (isOver) return false;
    if (come()) return true;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A question to be asked again and again: has it come, and was the blow dealt? */
function arrival(
  moment: Moment,
  { runs, proxy }: { readonly runs: string; readonly proxy: EngineProxy },
  blow: () => boolean,
): () => boolean {
  const began = Date.now();
  switch (moment.at) {
    case 'clock':
      return () => Date.now() - began >= moment.ms && blow();
    case 'journal': {
      const before = linesOf(runs);
      let since: number | undefined;
      return () => {
        if (since === undefined && linesOf(runs) - before >= moment.lines) since = Date.now();
        return since !== undefined && Date.now() - since >= moment.ms && blow();
      };
    }
    case 'call': {
      let seen = 0;
      let dealt = false;
      proxy.watch((call, side) => {
        if (dealt || side !== moment.side || !CALLS[moment.call].test(call)) return false;
        seen += 1;
        dealt = seen >= moment.nth && blow();
        return dealt;
      });
      return () => dealt;
    }
  }
}

/** Of all journals in the folder together. */
function linesOf(runs: string): number {
  try {
    return readdirSync(runs).reduce((sum, run) => sum + countLines(join(runs, run, 'journal.jsonl')), 0);
  } catch {
    return 0;
  }
}

function countLines(path: string): number {
  try {
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}
