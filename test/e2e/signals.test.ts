import { describe, expect, it } from 'vitest';
import { gates, openGate, puppet, running } from '../rig/combu.js';
import { engine, type Underway, type Workplace, workplace } from '../rig/experiment.js';

async function underWay(place: Workplace, name: string, more = 'init: true'): Promise<Underway> {
  gates(place);
  place.write(
    'experiment.jsonnet',
    `[${puppet(name, more)}, ${puppet(`${name}-next`)} + { depends: [{ name: '${name}', condition: 'completed' }] }]`,
  );
  const run = place.start(['run']);
  await running(place, name);
  return run;
}

describe('Ctrl-C', () => {
  const place = workplace();

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'once (%s): stops what runs, records it, says how to resume',
    async (signal) => {
      const run = await underWay(place, 'signal-once');
      run.process.kill(signal);
      const ended = await run.ended;
      // Handed on as a signal, so that a shell's loop or make stops too.
      expect(run.process.signalCode).toBe(signal);
      expect(ended.stderr).toMatch(/run --resume/);
      const record = place.runs().at(-1)!;
      expect(record.one('run.ended').outcome).toBe('interrupted');
      expect(record.ends()).toEqual({ 'signal-once': 'killed', 'signal-once-next': 'skipped: interrupted' });
      expect(record.log('signal-once')).toBe('ready\n');
      expect(await place.containers()).toEqual([]);
      expect(await place.networks()).toEqual([]);
    },
  );

  it('twice: kills now what would take its time, and records it', async () => {
    // Without an init a shell as process 1 ignores SIGTERM.
    const run = await underWay(place, 'signal-twice', "init: false, grace: '10m'");
    run.process.kill('SIGINT');
    await place.until((record) => record.all('run.stopping').length === 1);
    run.process.kill('SIGINT');
    await run.ended;
    expect(run.process.signalCode).toBe('SIGINT');
    const record = place.runs().at(-1)!;
    expect(record.all('run.stopping').map((event) => event.force)).toEqual([false, true]);
    expect(record.ends()['signal-twice']).toBe('killed');
    expect(await place.containers()).toEqual([]);
  });

  it('three times: leaves at once; the containers run on, and run --resume takes them up', async () => {
    const run = await underWay(place, 'signal-thrice', "init: false, grace: '10m'");
    const container = await place.container('signal-thrice');
    // An engine that does not answer is when somebody presses it a third time.
    await engine.getContainer(container.Id).pause();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      run.process.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await run.ended;
    expect(run.process.signalCode).toBe('SIGINT');
    expect(place.runs().at(-1)!.all('run.ended')).toEqual([]);
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
