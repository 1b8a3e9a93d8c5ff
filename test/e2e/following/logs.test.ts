import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, type FinishedRun, workplace } from '../../rig/experiment.js';

const LINES = 1_200_000;
const SHORT_LINES = 2_400_000;
const line = (number: number) => `line ${String(number).padStart(7, '0')} abcdefghijklmnop`;

describe('logs', () => {
  const place = workplace();
  let run: FinishedRun;

  beforeAll(async () => {
    run = await place.run(`
      local sh(script) = { cmd: ['sh', '-c', script] };
      {
        keep: 'none',
        defaults: { image: '${BUSYBOX}' },
        trials: [
          sh(|||
            awk 'BEGIN { for (i = 1; i <= ${LINES}; i++) printf "line %07d abcdefghijklmnop\\n", i }'
          |||) { name: 'logs-flood' },
          sh('seq 1 ${SHORT_LINES}') { name: 'logs-rotated' },
          sh('echo out; echo err >&2; printf "\\\\033[31mred\\\\033[0m no end of line"') { name: 'logs-both' },
          sh('true') { name: 'logs-silent' },
          sh('for i in 1 2 3 4 5; do echo line $i; usleep 300000; done') { name: 'logs-slow' },
        ],
      }`);
  });

  it('of a trial that floods: its true head, its true last lines, and one line that says what was cut', () => {
    expect(run.code, run.stderr).toBe(0);
    const lines = run.record.log('logs-flood').split('\n');
    expect(lines.pop()).toBe('');
    const cut = lines.findIndex((text, index) => text !== line(index + 1));
    // The head: at least a fifth of what is followed before the stream is closed (48 MiB at about 130 bytes a line).
    expect(cut).toBeGreaterThan(70_000);
    const tail = lines.slice(cut + 1);
    expect(tail.length).toBeGreaterThan(70_000);
    const from = LINES - tail.length + 1;
    const wrong = tail.findIndex((text, index) => text !== line(from + index));
    expect(wrong).toBe(-1);
    expect(from).toBeGreaterThan(cut);
    expect(lines[cut]).toMatch(/\d\d:\d\d:\d\d.*\d\d:\d\d:\d\d/);
  });

  it('of one whose own head the engine has dropped meanwhile: the same', () => {
    const lines = run.record.log('logs-rotated').trimEnd().split('\n');
    const cut = lines.findIndex((text, index) => text !== String(index + 1));
    expect(cut).toBeGreaterThan(70_000);
    expect(lines[cut]).toMatch(/\d\d:\d\d:\d\d.*\d\d:\d\d:\d\d/);
    const tail = lines.slice(cut + 1);
    expect(tail.length).toBeGreaterThan(70_000);
    const from = SHORT_LINES - tail.length + 1;
    expect(tail.findIndex((text, index) => text !== String(from + index))).toBe(-1);
    expect(run.record.one('attempt.ended', 'logs-rotated').log.cut).not.toBeNull();
  });

  it('the journal knows of the cut', () => {
    const { log } = run.record.one('attempt.ended', 'logs-flood');
    expect(log.cut).not.toBeNull();
    expect(log.bytes).toBe(statSync(join(run.record.folder, 'logs', 'logs-flood.1.log')).size);
    expect(log.bytes).toBeLessThanOrEqual(64 * 2 ** 20);
    expect(run.record.one('attempt.ended', 'logs-flood').lastLine).toBe(line(LINES));
    expect(run.record.one('attempt.ended', 'logs-slow').log).toEqual({ bytes: 35, cut: null });
  });

  it('hold both streams as they were written', () => {
    const text = run.record.log('logs-both');
    expect(text).toContain('out\n');
    expect(text).toContain('err\n');
    expect(text).toContain('\u001b[31mred\u001b[0m no end of line');
    expect(run.record.one('attempt.ended', 'logs-both').lastLine).not.toContain('\u001b');
    expect(run.stdout + run.stderr).not.toContain('\u001b');
    expect(run.record.log('logs-silent')).toBe('');
    expect(run.record.log('logs-slow')).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
  });
});

describe('logs of more trials than there are streams', () => {
  const place = workplace();
  const TRIALS = 104;

  it('are whole too, and are read while the trials run', async () => {
    place.write('gate/.keep', '');
    place.write(
      'experiment.jsonnet',
      `{
        defaults: { image: '${BUSYBOX}', resources: { cpus: 0 }, networks: ['none'], volumes: [{ host: './gate', container: '/gate' }] },
        trials: [{ name: 'logs-%03d' % i, cmd: ['sh', '-c', |||
          echo first
          until [ -e /gate/open ]; do sleep 1; done
          echo last
        |||] } for i in std.range(1, ${TRIALS})],
      }`,
    );
    const underway = place.start(['run']);
    const names = Array.from({ length: TRIALS }, (_, index) => `logs-${String(index + 1).padStart(3, '0')}`);
    await place.until((record) => record.all('attempt.started').length === TRIALS, underway);
    await place.until((record) => names.every((name) => record.log(name) === 'first\n'), underway);
    place.write('gate/open', '');
    const ended = await underway.ended;
    expect(ended.code, ended.stderr).toBe(0);
    for (const name of names) expect(place.runs()[0]!.log(name)).toBe('first\nlast\n');
  });
});
