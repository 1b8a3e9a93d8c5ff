import { existsSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gates, openGate } from '../../rig/combu.js';
import { BUSYBOX, type RunRecord, Workplace } from '../../rig/experiment.js';
import { tellNotRun } from '../../rig/not-run.js';
import { SecondEngine, whyNoSecondEngine } from '../../rig/second-engine.js';

const WHY_NOT = whyNoSecondEngine();
if (WHY_NOT !== undefined) tellNotRun('combu while dockerd is stopped, killed and restarted', WHY_NOT);

/** Runs until the test opens its gate; `onTerm` is what its shell does at SIGTERM. */
function trial(name: string, onTerm: string, more = ''): string {
  const script = `trap "${onTerm}" TERM; echo ready; while [ ! -e /gate/$COMBU_TRIAL ]; do sleep 0.05; done; echo done`;
  return `{
    name: '${name}', image: '${BUSYBOX}', cmd: ['sh', '-c', '${script}'],
    volumes: [{ host: './gate', container: '/gate' }],
    resources: { cpus: 0 }, ${more}
  }`;
}

/** How the attempts of every trial ended, in their order. */
function outcomes(record: RunRecord): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { trial: name, outcome } of record.all('attempt.ended')) {
    found[name] = [...(found[name] ?? []), outcome];
  }
  return found;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe.skipIf(WHY_NOT !== undefined)('an engine that goes away and comes back', () => {
  const experiment = `[
    ${trial('early', 'exit 0')},
    ${trial('polite', 'echo bye; exit 0', 'init: true')},
    ${trial('sour', 'exit 3', 'init: false')},
    ${trial('late', 'exit 0', "depends: [{ name: 'polite', condition: 'completed' }]")},
  ]`;
  const together = ['polite', 'sour'];
  let second: SecondEngine;
  let place: Workplace;
  beforeAll(async () => {
    second = await SecondEngine.start(BUSYBOX);
    place = new Workplace(second.docker, { DOCKER_HOST: second.address });
  });
  afterAll(async () => {
    await place?.dispose();
    await second?.dispose();
  });

  it.each([
    ['stopped', () => second.terminate()],
    ['killed', () => second.kill()],
    ['without power', () => second.cutPower()],
  ] as const)('%s: what ran is lost and runs again, at no charge', async (_, end) => {
    rmSync(place.path('gate'), { recursive: true, force: true });
    gates(place);
    openGate(place, 'early');
    place.write('experiment.jsonnet', experiment);
    const run = place.start(['run', '-j', '9']);
    await place.until((record) => {
      const started = record.all('attempt.started').length === 3;
      return started && record.ends().early === 'succeeded';
    }, run);
    await end();
    await place.until((record) => record.all('engine.lost').length === 1, run);
    expect((await place.combu(['status'])).stdout).toContain('the engine does not answer');
    await second.start();
    await place.until((record) => record.all('engine.back').length === 1, run);
    for (const name of [...together, 'late']) openGate(place, name);
    const ended = await run.ended;

    const record = place.runs().at(-1)!;
    expect(outcomes(record)).toEqual({
      early: ['succeeded'],
      polite: ['lost', 'succeeded'],
      sour: ['lost', 'succeeded'],
      late: ['succeeded'],
    });
    expect(ended.code).toBe(0);
    expect(record.all('engine.lost')).toHaveLength(1);
    expect(count(ended.stderr, 'the engine does not answer')).toBe(1);
    expect(count(ended.stderr, 'the engine answers again')).toBe(1);
    expect(ended.stderr).not.toContain('warning');
    for (const name of together) expect(record.log(name)).toMatch(/^ready\n/);
    for (const name of together) expect(record.log(name, 2)).toBe('ready\ndone\n');
    expect(await place.containers()).toEqual([]);
    expect(await place.networks()).toEqual([]);
  });
});

describe.skipIf(WHY_NOT !== undefined)('an engine that its containers outlive', () => {
  let second: SecondEngine;
  let place: Workplace;
  beforeAll(async () => {
    second = await SecondEngine.start(BUSYBOX, { liveRestore: true });
    place = new Workplace(second.docker, { DOCKER_HOST: second.address });
  });
  afterAll(async () => {
    await place?.dispose();
    await second?.dispose();
  });

  it('killed: what runs goes on, and what ended meanwhile has its own end and whole log', async () => {
    gates(place);
    const trials = [trial('through', 'exit 0'), trial('meanwhile', 'exit 0'), trial('in-vain', 'exit 0')];
    place.write('experiment.jsonnet', `{ trials: [${trials}], keep: 'all' }`);
    const run = place.start(['run', '-j', '9']);
    await place.until((record) => record.all('attempt.started').length === 3, run);
    const [container] = (await place.containers()).filter((each) => each.Name === '/in-vain');
    await second.kill();
    await place.until((record) => record.all('engine.lost').length === 1, run);
    openGate(place, 'meanwhile');
    process.kill(container!.State.Pid, 'SIGKILL');
    await gone(container!.State.Pid);
    await second.start();
    await place.until((record) => record.all('engine.back').length === 1, run);
    openGate(place, 'through');
    const ended = await run.ended;

    const record = place.runs().at(-1)!;
    expect(outcomes(record)).toEqual({
      through: ['succeeded'],
      meanwhile: ['succeeded'],
      'in-vain': ['failed'],
    });
    expect(record.one('attempt.ended', 'in-vain').exitCode).toBe(137);
    expect(ended.code).toBe(1);
    const hole = /^\[combu: what was written from \S+ to \S+ may be missing: the engine was away\]\n/m;
    expect(record.log('through').split(hole)).toEqual(['ready\n', 'done\n']);
    // What was written while no engine was there to take it is nowhere, and every log says so.
    for (const { Id, Name } of await place.containers()) {
      const log = record.log(Name.slice(1));
      const said = await second.docker.getContainer(Id).logs({ stdout: true, stderr: true });
      expect(log).toMatch(hole);
      expect(log.replace(hole, '')).toBe(textOf(said));
    }
  });
});

/** Without the eight bytes before each piece that say which of the two outputs it is of. */
function textOf(frames: Buffer): string {
  let text = '';
  for (let at = 0; at < frames.length; ) {
    const length = frames.readUInt32BE(at + 4);
    text += frames.toString('utf8', at + 8, at + 8 + length);
    at += 8 + length;
  }
  return text;
}

async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20));
}
