import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, workplace } from '../../rig/experiment.js';
import { type SmallDisk, smallDisk } from '../../rig/small-disk.js';

const MIB = 2 ** 20;
/** Of 100 bytes: more than the disk that becomes full holds. */
const LINES = 60_000;

describe('a state folder on a disk of 32 MiB, of which 16 are kept free', () => {
  const place = workplace();
  let disk: SmallDisk;

  beforeAll(() => {
    disk = smallDisk(place.path('.combu'), 32 * MIB);
  });
  afterAll(() => disk.remove());

  it('nothing starts while it is full, which is said once; what runs goes on, and with room so does the rest', async () => {
    place.write('gate/.keep', '');
    place.write(
      'experiment.jsonnet',
      `{
        parallelism: 1,
        defaults: { image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0 } },
        trials: [
          { name: 'disk-first', volumes: [{ host: './gate', container: '/gate' }],
            cmd: ['sh', '-c', 'until [ -e /gate/open ]; do usleep 20000; done; echo whole'] },
          { name: 'disk-second', cmd: 'true' },
          { name: 'disk-third', cmd: 'true' },
        ],
      }`,
    );
    const underway = place.start(['run', '--reserve-disk', '16m']);
    await place.until((record) => record.all('attempt.started', 'disk-first').length === 1, underway);
    disk.fill(20 * MIB);
    place.write('gate/open', '');
    await place.until((record) => record.all('admission.disk').length > 0, underway);
    const record = await place.until((each) => each.ends()['disk-first'] !== undefined && each, underway);
    expect(record.one('admission.disk').low).toMatchObject({ folder: disk.folder, kept: 16 * MIB });
    expect(record.log('disk-first')).toBe('whole\n');
    expect(record.ends()).toEqual({ 'disk-first': 'succeeded' });
    const why = `waits for disk: less than 16 MiB, which is kept free, is left at ${disk.folder}`;
    const status = JSON.parse((await place.combu(['status', '--json'])).stdout);
    expect(status.waiting).toEqual([{ why, count: 2, trials: ['disk-second', 'disk-third'] }]);
    expect((await place.combu(['why', 'disk-third'])).stdout).toContain(why);
    expect(record.all('attempt.intended')).toHaveLength(1);

    disk.fill(0);
    const ended = await underway.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(
      ended.stderr.match(/the disk is nearly full: [\d.]+ MiB is free at \S+, 16 MiB is kept free/g),
    ).toHaveLength(1);
    expect(ended.stderr.match(/there is room on the disk again/g)).toHaveLength(1);
    expect(new Set(Object.values(record.ends()))).toEqual(new Set(['succeeded']));
  });

  it('plan says so beforehand', async () => {
    const planned = async () => (await place.combu(['plan', '--reserve-disk', '16m'])).stdout;
    expect(await planned()).not.toContain('nearly full');
    disk.fill(20 * MIB);
    expect(await planned()).toMatch(
      /warnings\n {2}the disk is nearly full: .* 16 MiB is kept free.*; nothing would start/,
    );
    disk.fill(0);
  });
});

describe('a state folder on a disk that becomes full', () => {
  const place = workplace();
  let disk: SmallDisk;

  beforeAll(() => {
    disk = smallDisk(place.path('.combu'), 4 * MIB);
  });
  afterAll(() => disk.remove());

  it('a run is refused while it is', async () => {
    disk.fill(4 * MIB);
    place.write('experiment.jsonnet', `[{ name: 'full-early', image: '${BUSYBOX}', cmd: 'true' }]`);
    const refused = await place.combu(['run']);
    expect(refused.stderr).toMatch(/^combu: The disk is full: .*\n {2}Make room on it/);
    expect(refused.code).toBe(3);
    expect(await place.containers()).toEqual([]);
    disk.fill(0);
  });

  it('combu waits for room, and nothing of logs, results and record is lost', async () => {
    // One fills it with its log, one from within, one with what is copied out of it.
    place.write(
      'experiment.jsonnet',
      `
      local sh(script) = { cmd: ['sh', '-c', script] };
      {
        keep: 'none',
        defaults: { image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0 } },
        trials: [
          sh(|||
            awk 'BEGIN { for (i = 1; i <= ${LINES}; i++) printf "%0100d\\n", i }'
          |||) { name: 'full-log' },
          sh('for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=$COMBU_RESULTS/$i bs=1024k count=1 || exit 28; done')
            { name: 'full-results' },
          sh('dd if=/dev/zero of=/large bs=1024k count=9') { name: 'full-output', outputs: ['/large'] },
          sh('echo later') { name: 'full-after', depends: [{ name: 'full-output', condition: 'completed' }] },
        ],
      }`,
    );
    const underway = place.start(['run', '--reserve-disk', '0']);
    let told = '';
    await new Promise<void>((resolve) => {
      underway.process.stderr?.on('data', (text: string) => {
        told += text;
        if (/warning: The disk of .* is full/.test(told)) resolve();
      });
      void underway.ended.then(() => resolve());
    });
    disk.grow(64 * MIB);
    const ended = await underway.ended;
    const record = place.runs().at(-1)!;
    expect(record.ends(), ended.stderr).toEqual({
      'full-log': 'succeeded',
      // Meets the full disk itself, if it comes in time.
      'full-results': expect.stringMatching(/succeeded|failed/),
      'full-output': 'succeeded',
      'full-after': 'succeeded',
    });
    expect(record.log('full-log')).toBe(
      Array.from({ length: LINES }, (_, n) => `${String(n + 1).padStart(100, '0')}\n`).join(''),
    );
    expect(statSync(join(record.results('full-output'), 'large')).size).toBe(9 * MIB);
    expect(record.log('full-after')).toBe('later\n');
    expect(ended.stderr.match(/is full/g)).toHaveLength(1);
    expect(await place.containers()).toEqual([]);
  });
});
