import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, engine, type FinishedRun, workplace } from '../../rig/experiment.js';

describe('volumes', () => {
  const place = workplace();
  let run: FinishedRun;
  // The engine's names are shared by everybody: this folder's own name makes them ours.
  const tag = place.folder.slice(place.folder.lastIndexOf('/') + 1);
  const external = `${tag}-external`;
  const declared = `${tag}-declared`;
  const shared = `${tag}-shared`;

  beforeAll(async () => {
    for (const name of [external, declared]) await engine.createVolume({ Name: name });
    place.write('project/data/input.txt', 'from the host\n');
    place.write('project/out/.keep', '');
    place.write('beside/input.txt', 'from beside\n');
    place.write('home/input.txt', 'from home\n');
    place.write(
      'project/experiment.jsonnet',
      `{
        volumes: { '${declared}': { external: true } },
        defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
        trials: [
          { name: 'volumes-folders', volumes: [
              { host: './data', container: '/data', readonly: true },
              { host: '../beside', container: '/beside' },
              { host: '~', container: '/home' },
              { host: '${place.path('project/out')}', container: '/out' },
            ],
            cmd: ['sh', '-c', 'cat /data/input.txt /beside/input.txt /home/input.txt | tee /out/seen.txt; touch /data/mine 2>/dev/null || echo read-only'] },
          { name: 'volumes-writer', volumes: [
              { host: '${shared}', container: '/shared' }, { host: '${external}', container: '/external' }, { host: '${declared}', container: '/declared' },
            ],
            cmd: ['sh', '-c', 'for each in shared external declared; do echo $each > /$each/note; done'] },
          { name: 'volumes-reader', depends: [{ name: 'volumes-writer', condition: 'completed' }], volumes: [
              { host: '${shared}', container: '/shared', readonly: true },
            ],
            cmd: ['sh', '-c', 'cat /shared/note; touch /shared/mine 2>/dev/null || echo read-only'] },
        ],
      }`,
    );
    const ended = await place.combu(
      ['-f', 'project/experiment.jsonnet', 'run', '--state', place.path('.combu')],
      {
        env: { HOME: place.path('home') },
      },
    );
    run = { ...ended, record: place.runs()[0]! };
  });

  it('a host that looks like a path is a folder: beside the file, above it, at home, or absolute', () => {
    expect(run.record.log('volumes-folders')).toContain('from the host\nfrom beside\nfrom home\n');
    expect(readFileSync(place.path('project/out/seen.txt'), 'utf8')).toBe(
      'from the host\nfrom beside\nfrom home\n',
    );
  });

  it('any other host is a named volume, which trials share', () => {
    expect(run.record.log('volumes-reader')).toMatch(/^shared\n/);
    expect(run.code).toBe(0);
  });

  it('readonly holds for both kinds', () => {
    expect(run.record.log('volumes-folders')).toContain('read-only\n');
    expect(existsSync(place.path('project/data/mine'))).toBe(false);
    expect(run.record.log('volumes-reader')).toContain('read-only\n');
  });

  it('a named volume outlives the run; what was there before is used, and never removed', async () => {
    expect(await place.volumes()).toEqual([shared]);
    const kept = await place.combu([
      '-f',
      'project/experiment.jsonnet',
      'kill',
      '--state',
      place.path('.combu'),
    ]);
    expect(kept.code).toBe(0);
    expect(await place.volumes()).toEqual([shared]);
    const killed = await place.combu([
      ...['-f', 'project/experiment.jsonnet', 'kill', '--volumes', '--state', place.path('.combu')],
    ]);
    expect(killed.code).toBe(0);
    expect(await place.volumes()).toEqual([]);
    for (const name of [external, declared]) {
      expect((await engine.getVolume(name).inspect()).Name).toBe(name);
      await engine.getVolume(name).remove();
    }
  });

  it('a folder that is missing is an error with its place, and is not made', async () => {
    place.write(
      'experiment.jsonnet',
      `[\n  { name: 'volumes-missing', image: '${BUSYBOX}',\n    volumes: [{ host: './nowhere', container: '/x' }] },\n]`,
    );
    const ended = await place.combu(['run']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('experiment.jsonnet:3:');
    expect(ended.stderr).toContain('[0].volumes[0].host');
    expect(ended.stderr).toContain('nowhere');
    expect(existsSync(place.path('nowhere'))).toBe(false);
  });
});
