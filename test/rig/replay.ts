/**
 * Shows a made-up run on this terminal, to look at the displays as a person sees them:
 *
 *   npx tsx test/rig/replay.ts [tty|plain|json|quiet] [trials] [seconds]
 *
 * Every seventh trial fails in one of three ways, every eleventh is tried again; one service serves them.
 */
import { newRunState } from '../../src/model/run-state.js';
import { createReporter, type ReporterKind } from '../../src/report/reporter.js';
import { systemClock } from '../../src/util/clock.js';
import { RunScript } from './run-events.js';

const [kind = 'tty', trials = '60', seconds = '30'] = process.argv.slice(2);
const begin = Date.now();
const run = new RunScript(begin);
const names = Array.from({ length: Number(trials) }, (_, n) => `solver-${'abc'[n % 3]}-${n}`);
const width = 8;
const each = (Number(seconds) - 2) / (names.length / width);
const WAYS = [
  'ImportError: no module named numpy',
  'ValueError: größe 大きい is no number, and this line is long enough to leave a narrow terminal well behind',
  '\u001b[31mCUDA error\u001b[0m',
];

run.start([{ name: 'loader', kind: 'service' }, ...names]);
run.add({ type: 'image.pulling', image: 'iris:1' });
run.at = 1;
run.add({ type: 'image.ready', image: 'iris:1', id: 'sha256:1', digest: null, pulled: true });
run.begin('loader', 1, { '8080/tcp': '127.0.0.1:32768' });
run.at = 2;
run.add({ type: 'attempt.healthy', trial: 'loader', attempt: 1 });
const events: { at: number; act: () => void }[] = [];
for (const [n, name] of names.entries()) {
  const from = 2 + Math.floor(n / width) * each + (n % width) * (each / width);
  const took = each * (0.8 + 0.4 * ((n * 7919) % 1));
  if (n % 11 === 10) {
    const half = took / 2;
    events.push({ at: from, act: () => run.begin(name) });
    events.push({
      at: from + half,
      act: () => {
        run.end(name, half, { outcome: 'failed', cause: 'exit 7', lastLine: 'flaky' }, { final: false });
        run.add({ type: 'trial.retrying', trial: name, attempt: 1, delay: 200, why: 'exit 7' });
      },
    });
    events.push({ at: from + half + 0.2, act: () => run.begin(name, 2) });
    events.push({ at: from + took + 0.2, act: () => run.end(name, half, { attempt: 2 }) });
  } else {
    events.push({ at: from, act: () => run.begin(name) });
    const end = () => (n % 7 === 6 ? run.fail(name, took, WAYS[((n / 7) % 3) | 0]!) : run.end(name, took));
    events.push({ at: from + took, act: end });
  }
}
events.push({
  at: Number(seconds) / 2,
  act: () => run.add({ type: 'run.warning', message: 'the disk is nearly full: 1.2 GiB are left' }),
});
for (const { at, act } of events.sort((a, b) => a.at - b.at)) {
  run.at = at;
  act();
}
run.at = Math.max(run.at, Number(seconds));
run.end('loader', run.at - 1, { outcome: 'stopped', cause: 'nobody needs it' });
run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });

const reporter = createReporter(kind as ReporterKind, process.stderr, {
  clock: systemClock,
  color: process.stderr.isTTY === true,
  unicode: true,
  folder: '.combu/runs/20261121-140000-k3jq8x0mz2ab',
  command: 'combu',
  state: newRunState(),
});
for (const event of run.events) {
  await systemClock.sleep(Math.max(0, Date.parse(event.time) - Date.now()));
  reporter.onEvent(event);
}
reporter.finish();
