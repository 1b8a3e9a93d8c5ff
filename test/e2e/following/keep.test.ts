import { describe, expect, it } from 'vitest';
import { BUSYBOX, engine, type Workplace, workplace } from '../../rig/experiment.js';

/** Six trials that fail alike but for digits, one that fails otherwise, one that fails twice, one that does well. */
const experiment = (keep: string | undefined) => `
local sh(script) = { cmd: ['sh', '-c', script] };
{
  ${keep === undefined ? '' : `keep: '${keep}',`}
  parallelism: 1,
  defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
  trials: [
    sh('echo "step %d: no such sample"; exit 1' % i) { name: 'keep-alike-%d' % i } for i in std.range(1, 5)
  ] + [
    sh('echo "no licence"; exit 1') { name: 'keep-other' },
    sh('echo "no such attempt"; exit 1') { name: 'keep-twice', retries: 1 },
    sh('echo well') { name: 'keep-well' },
  ],
}`;

async function keptBy(place: Workplace): Promise<string[]> {
  return (await place.containers())
    .map((each) => `${each.Config.Labels['combu.trial']}.${each.Config.Labels['combu.attempt']}`)
    .sort();
}

describe('keep', () => {
  const place = workplace();

  it('failed is the default: the last attempt of who failed, at most three of one signature', async () => {
    const run = await place.run(experiment(undefined));
    expect(run.code).toBe(1);
    const kept = await keptBy(place);
    expect(kept).toEqual([
      'keep-alike-1.1',
      'keep-alike-2.1',
      'keep-alike-3.1',
      'keep-other.1',
      'keep-twice.2',
    ]);
    expect(
      run.record
        .all('attempt.kept')
        .map((event) => `${event.trial}.${event.attempt}`)
        .sort(),
    ).toEqual(kept);
    for (const each of await place.containers()) expect(each.State.Running).toBe(false);
  });

  it('what was kept goes when the next run starts; its logs stay', async () => {
    const before = place.runs()[0]!;
    const run = await place.run(experiment('none'));
    expect(run.record.id).not.toBe(before.id);
    expect(await keptBy(place)).toEqual([]);
    expect(before.log('keep-twice', 2)).toBe('no such attempt\n');
    expect(run.record.log('keep-well')).toBe('well\n');
  });

  it('all keeps who did well, too; an attempt that is tried again is removed all the same', async () => {
    await place.run(experiment('all'));
    expect(await keptBy(place)).toEqual([
      ...[1, 2, 3, 4, 5].map((i) => `keep-alike-${i}.1`),
      'keep-other.1',
      'keep-twice.2',
      'keep-well.1',
    ]);
  });

  it('a container that is kept can be copied from', async () => {
    const archive = await engine.getContainer('keep-well').getArchive({ path: '/etc/passwd' });
    archive.resume();
    await new Promise((resolve, reject) => archive.on('end', resolve).on('error', reject));
  });
});
