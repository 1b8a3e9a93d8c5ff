import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must, option, spread, table, usedBy } from '../measure.js';

/**
 * How long N one-cpu trials of fixed work take on this machine: combu, with as many at once as capacity allows, and a
 * bare loop of `docker run` with that concurrency, in turn.
 *
 *   tsx bench/makespan/main.ts [--trials 200] [--seconds 2] [--rounds 1]
 */

const IMAGE = 'combu-example/busybox:1';
const trials = Number(option('trials', '200'));
const seconds = Number(option('seconds', '2'));
const rounds = Number(option('rounds', '1'));
const jobs = cpus().length;
const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const loop = (turns: number) => `i=0; while [ $i -lt ${turns} ]; do i=$((i+1)); done`;

/** How many turns of the loop make `seconds` of cpu time: measured on this machine, in a container, alone. */
async function calibrate(): Promise<number> {
  const probe = 1_000_000;
  const idle = (await must('docker', ['run', '--rm', '--network', 'none', IMAGE, 'sh', '-c', loop(1)]))
    .seconds;
  const busy = (await must('docker', ['run', '--rm', '--network', 'none', IMAGE, 'sh', '-c', loop(probe)]))
    .seconds;
  return Math.round((probe * seconds) / Math.max(0.05, busy - idle));
}

async function byCombu(turns: number): Promise<{ seconds: number; cpuMs: number; peakMb: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'combu-bench-'));
  const file = join(folder, 'experiment.jsonnet');
  writeFileSync(
    file,
    `[{ name: 'makespan-%d' % i, image: '${IMAGE}', cmd: ['sh', '-c', '${loop(turns)}'], resources: { cpus: 1 } }
      for i in std.range(1, ${trials})]`,
  );
  const began = performance.now();
  const child = spawn(process.execPath, [cli, '-f', file, 'run', '--progress', 'plain'], { stdio: 'ignore' });
  let used = { cpuSeconds: 0, peakMb: 0 };
  const looking = setInterval(() => {
    try {
      used = usedBy(child.pid!);
    } catch {
      // It has just ended: the last look stands.
    }
  }, 500);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(looking);
  if (code !== 0) throw new Error(`combu run ended with ${code}`);
  rmSync(folder, { recursive: true });
  return {
    seconds: (performance.now() - began) / 1000,
    cpuMs: (used.cpuSeconds * 1000) / trials,
    peakMb: used.peakMb,
  };
}

async function byLoop(turns: number): Promise<number> {
  const names = Array.from({ length: trials }, (_, i) => `${i}`).join('\n');
  const args = ['-P', String(jobs), '-I{}', 'docker', 'run', '--rm', '--init', '--name', 'makespan-{}'];
  return (await must('xargs', [...args, IMAGE, 'sh', '-c', loop(turns)], `${names}\n`)).seconds;
}

const turns = await calibrate();
const ours: number[] = [];
const theirs: number[] = [];
const cpu: number[] = [];
const memory: number[] = [];
for (let i = 0; i < rounds; i++) {
  theirs.push(await byLoop(turns));
  process.stderr.write(`round ${i + 1} of ${rounds}: loop ${theirs.at(-1)?.toFixed(1)} s\n`);
  const own = await byCombu(turns);
  process.stderr.write(`round ${i + 1} of ${rounds}: combu ${own.seconds.toFixed(1)} s\n`);
  ours.push(own.seconds);
  cpu.push(own.cpuMs);
  memory.push(own.peakMb);
}
const ratios = ours.map((value, i) => value / theirs[i]!);
process.stdout.write(
  `\n${trials} trials of ${seconds} s of cpu work, ${jobs} at once, ${rounds} rounds, median (least–most)\n\n${table(
    [
      ['', 'seconds', 'of the loop', 'own cpu, ms a trial', 'own memory, MB'],
      ['combu', spread(ours, 1), spread(ratios), spread(cpu, 1), spread(memory, 0)],
      [`docker run, ${jobs} at once`, spread(theirs, 1), '1', '–', '–'],
      ['ideal: work / cpus', ((trials * seconds) / jobs).toFixed(1), '', '', ''],
    ],
  )}\n`,
);
