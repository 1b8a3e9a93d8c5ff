import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gates, openGate, puppet } from '../rig/combu.js';
import { BUSYBOX, workplace } from '../rig/experiment.js';

describe('run -d', () => {
  const place = workplace();
  const leftOutput = () => readdirSync(place.path('.combu')).filter((name) => name.startsWith('supervisor'));

  it('returns when the run has begun, which then goes on by itself to its end', async () => {
    gates(place);
    place.write('experiment.jsonnet', `[${puppet('detach-a')}]`);
    const run = await place.combu(['run', '-d']);
    expect(run.code).toBe(0);
    const record = place.runs()[0]!;
    expect(run.stdout).toBe(`${record.id}\n`);
    expect(run.stderr).toMatch(/combu status.*combu logs -f.*combu attach/);
    expect(record.all('run.ended')).toEqual([]);
    openGate(place, 'detach-a');
    const wait = await place.combu(['wait']);
    expect(wait.code).toBe(0);
    expect(record.ends()).toEqual({ 'detach-a': 'succeeded' });
    expect(readFileSync(`${record.folder}/supervisor.log`, 'utf8')).toMatch(/succeeded/);
    expect(leftOutput()).toEqual([]);
  });

  it('outlives the session that it was started from', async () => {
    place.write('experiment.jsonnet', `[${puppet('detach-b')}]`);
    // A shell of its own session, whose whole process group is then hung up and killed.
    const shell = place.start(['run', '-d'], { as: ['setsid', '--wait'] });
    await shell.ended;
    const record = place.runs().at(-1)!;
    await expect.poll(() => record.all('attempt.started', 'detach-b').length, { timeout: 60_000 }).toBe(1);
    for (const signal of ['SIGHUP', 'SIGTERM', 'SIGKILL'] as const) {
      try {
        process.kill(-(shell.process.pid ?? 0), signal);
      } catch {
        // The group is empty already: nothing of combu was left in it.
      }
    }
    openGate(place, 'detach-b');
    expect((await place.combu(['wait'])).code).toBe(0);
    expect(record.ends()).toEqual({ 'detach-b': 'succeeded' });
  });

  it('can be killed from any shell', async () => {
    place.write('experiment.jsonnet', `[${puppet('detach-c')}]`);
    const run = await place.combu(['run', '-d', '--json']);
    const begun = JSON.parse(run.stdout);
    expect(begun).toMatchObject({ schema: 'combu/detached/v1', run: place.runs().at(-1)!.id });
    expect(existsSync(begun.folder)).toBe(true);
    const kill = await place.combu(['kill']);
    expect(kill.stdout).toMatch(/^0 containers, 0 networks left$/m);
    expect((await place.combu(['wait'])).code).toBe(137);
  });

  it('tells a faulty file and a refusal as run does, with its exit code', async () => {
    const runs = place.runs().length;
    place.write('experiment.jsonnet', `[{ name: 'detach-d', imag: 'x' }]`);
    const faulty = await place.combu(['run', '-d']);
    expect(faulty.code).toBe(2);
    expect(faulty.stderr).toMatch(/^experiment\.jsonnet:1:\d+: .*imag/m);
    place.write(
      'experiment.jsonnet',
      `[{ name: 'detach-e', image: '${BUSYBOX}', resources: { cpus: 10000 } }]`,
    );
    const refused = await place.combu(['run', '-d']);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/detach-e/);
    expect(place.runs()).toHaveLength(runs);
    expect(leftOutput()).toEqual([]);
  });

  it('reads standard input, too', async () => {
    const text = `[{ name: 'detach-f', image: '${BUSYBOX}', cmd: 'true', resources: { cpus: 0 } }]`;
    const run = await place.combu(['-f', '-', 'run', '-d'], { stdin: text });
    expect(run.code).toBe(0);
    expect((await place.combu(['wait', '--run', run.stdout.trim()])).code).toBe(0);
  });
});
