import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { median, must, option, spread, table } from '../measure.js';
import { type Contender, combu, goJsonnet, jrsonnet } from './contenders.js';
import { PROGRAMS, writePrograms } from './programs.js';

/**
 * combu's Jsonnet beside go-jsonnet and jrsonnet, one after the other in every round, so that the machine's drift hits
 * all alike: whole processes first, then the best of several evaluations in one process that is warm.
 *
 *   tsx bench/jsonnet/main.ts [--rounds 5] [--only trials-1000,sort] [--jrsonnet PROGRAM]
 *
 * jrsonnet has no warm figure: it has no start-up to speak of.
 */

const rounds = Number(option('rounds', '5'));
const only = option('only', '').split(',').filter(Boolean);
const folder = mkdtempSync(join(tmpdir(), 'combu-bench-jsonnet-'));
const tools = resolve('.tools/bench-jsonnet');

const contenders: readonly Contender[] = [
  combu,
  goJsonnet(tools),
  jrsonnet(option('jrsonnet', 'jrsonnet')),
].filter((contender) => contender !== undefined);
const programs = PROGRAMS.filter(({ name }) => only.length === 0 || only.includes(name));

/** Evaluations in one process, of which the best counts. */
const WARM_ROUNDS = 8;
/** Longer than this, once is enough. */
const LONG_SECONDS = 20;

async function wholeProcesses(file: string): Promise<Map<Contender, number[]>> {
  const seconds = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const before = seconds.get(contender)!;
      if (before[0] !== undefined && before[0] > LONG_SECONDS) continue;
      const [program, ...args] = contender.command(file);
      before.push((await must(program, args)).seconds);
    }
  }
  return seconds;
}

function warm(contender: Contender, file: string, wholeSeconds: number): string {
  if (!contender.warm) return '–';
  const count = wholeSeconds > LONG_SECONDS ? 1 : WARM_ROUNDS;
  const [program, ...args] = contender.warm(file, count);
  const lines = execFileSync(program, args, { encoding: 'utf8' }).trim().split('\n');
  return Math.min(...lines.map(Number)).toFixed(1);
}

const rows = [
  [
    'program',
    ...contenders.map(({ name }) => `${name}, s`),
    ...contenders.map(({ name }) => `${name} warm, ms`),
  ],
];
try {
  const paths = writePrograms(folder);
  for (const { name, what } of programs) {
    const file = paths.get(name)!;
    const seconds = await wholeProcesses(file);
    const whole = contenders.map((contender) => spread(seconds.get(contender)!));
    const warmed = contenders.map((contender) => warm(contender, file, median(seconds.get(contender)!)));
    rows.push([`${name}: ${what}`, ...whole, ...warmed]);
    console.error(rows.at(-1)!.join('   '));
  }
  console.log(table(rows));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
