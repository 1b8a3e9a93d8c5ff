import { describe, expect, it } from 'vitest';
import { gates, openGate, puppet, running } from '../rig/combu.js';
import { startProxy } from '../rig/engine-proxy.js';
import { type Underway, type Workplace, workplace } from '../rig/experiment.js';

/** Starts a run of two puppets, one after the other, and waits until the first runs. */
async function underWay(
  place: Workplace,
  name: string,
  { more = 'init: true', env = {} }: { readonly more?: string; readonly env?: Record<string, string> } = {},
): Promise<Underway> {
  gates(place);
  const next = `depends: [{ name: '${name}', condition: 'completed' }]`;
  place.write('experiment.jsonnet', `[${puppet(name, more)}, ${puppet(`${name}-next`, next)}]`);
  const run = place.start(['run'], { env });
  await running(place, name, run);
  return run;
}

describe('Ctrl-C', () => {
  const place = workplace();

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'once (%s): stops what runs, records it, says how to resume',
    async (signal) => {
      const name = `once-${signal.toLowerCase()}`;
      const run = await underWay(place, name);
      run.process.kill(signal);
      const ended = await run.ended;
      // Handed on as a signal, so that a shell's loop or make stops too.
      expect(run.process.signalCode).toBe(signal);
      expect(ended.stderr).toMatch(/run --resume/);
      const record = place.runs().at(-1)!;
      expect(record.one('run.ended').outcome).toBe('interrupted');
      expect(record.ends()).toEqual({ [name]: 'killed', [`${name}-next`]: 'skipped: interrupted' });
      expect(record.log(name)).toBe('ready\n');
      expect(await place.containers()).toEqual([]);
      expect(await place.networks()).toEqual([]);
    },
  );

  it('twice: kills now what would take its time, and records it', async () => {
    // Without an init a shell as process 1 ignores SIGTERM.
    const run = await underWay(place, 'signal-twice', { more: "init: false, grace: '10m'" });
    run.process.kill('SIGINT');
    await place.until((record) => record.all('run.stopping').length === 1, run);
    run.process.kill('SIGINT');
    await run.ended;
    expect(run.process.signalCode).toBe('SIGINT');
    const record = place.runs().at(-1)!;
    expect(record.all('run.stopping').map((event) => event.force)).toEqual([false, true]);
    expect(record.ends()['signal-twice']).toBe('killed');
    expect(await place.containers()).toEqual([]);
  });

  it('three times: leaves at once; the containers run on, and run --resume takes them up', async () => {
    // An engine that does not answer is when somebody presses it a third time.
    const proxy = await startProxy();
    proxy.delay(/^POST .*\/(stop|kill)/, 3_600_000);
    const run = await underWay(place, 'signal-thrice', { env: { DOCKER_HOST: proxy.address } });
    run.process.kill('SIGINT');
    await place.until((record) => record.all('run.stopping').length === 1, run);
    run.process.kill('SIGINT');
    await place.until((record) => record.all('run.stopping').length === 2, run);
    run.process.kill('SIGINT');
    await run.ended;
    await proxy.stop();
    expect(run.process.signalCode).toBe('SIGINT');
    const record = place.runs().at(-1)!;
    expect(record.all('run.ended')).toEqual([]);
    expect((await place.container('signal-thrice')).State.Running).toBe(true);

    openGate(place, 'signal-thrice');
    openGate(place, 'signal-thrice-next');
    const resumed = await place.combu(['run', '--resume']);
    expect(resumed.code).toBe(0);
    expect(record.ends()).toEqual({ 'signal-thrice': 'succeeded', 'signal-thrice-next': 'succeeded' });
    expect(record.all('attempt.intended', 'signal-thrice')).toHaveLength(1);
  });
});

describe('a closed terminal', () => {
  const place = workplace();

  it('does not end a run', async () => {
    const run = await underWay(place, 'signal-hangup');
    run.process.kill('SIGHUP');
    run.process.stderr?.destroy();
    run.process.stdout?.destroy();
    openGate(place, 'signal-hangup');
    openGate(place, 'signal-hangup-next');
    const ended = await run.ended;
    expect(ended.code).toBe(0);
    expect(place.runs()[0]!.one('run.ended').outcome).toBe('succeeded');
  });
});
