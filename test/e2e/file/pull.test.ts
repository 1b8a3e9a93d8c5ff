import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engine, type FinishedRun, makeImage, workplace } from '../../rig/experiment.js';
import { LOGIN, type Registry, startRegistry } from '../../rig/registry.js';

/** Two images that tell which they are. */
const FIRST = 'combu-e2e/version:1';
const SECOND = 'combu-e2e/version:2';

describe('pull', () => {
  const place = workplace();
  let open: Registry;
  let closed: Registry;
  let references: string[];
  let first: FinishedRun;
  let second: FinishedRun;

  const experiment = (steady: string, moving: string, secret: string) => `
    local base = { cmd: ['sh', '-c', 'echo $VERSION'], networks: ['none'], resources: { cpus: 0 } };
    [base { name: 'pull-missing-%d' % i, image: '${steady}' } for i in [1, 2, 3]] + [
      base { name: 'pull-always', image: '${moving}', pull: 'always' },
      base { name: 'pull-private', image: '${secret}' },
      base { name: 'pull-never', image: '${FIRST}', pull: 'never' },
    ]`;
  const withLogin = () => ({ env: { DOCKER_CONFIG: place.path('docker') } });

  beforeAll(async () => {
    await makeImage(FIRST, { changes: ['ENV VERSION=1'] });
    await makeImage(SECOND, { changes: ['ENV VERSION=2'] });
    [open, closed] = await Promise.all([startRegistry({ login: false }), startRegistry({ login: true })]);
    references = [
      await open.add(FIRST, 'lab/steady:1'),
      await open.add(FIRST, 'lab/moving:1'),
      await closed.add(FIRST, 'lab/private:1'),
    ];
    const auth = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
    place.write('docker/config.json', JSON.stringify({ auths: { [closed.host]: { auth } } }));
    const text = experiment(references[0]!, references[1]!, references[2]!);
    first = await place.run(text, [], withLogin());

    // Both tags move in the registry, while the engine still has what they meant before.
    for (const name of ['lab/steady', 'lab/moving']) {
      await open.add(SECOND, `${name}:1`);
      await engine.getImage(FIRST).tag({ repo: `${open.host}/${name}`, tag: '1' });
    }
    second = await place.run(text, [], withLogin());
  });

  afterAll(async () => {
    // By id, so that what the tags moved away from goes too.
    for (const image of [FIRST, SECOND]) {
      const { Id } = await engine.getImage(image).inspect();
      await engine.getImage(Id).remove({ force: true });
    }
    await Promise.all([open?.stop(), closed?.stop()]);
  });

  it('an image that is absent is pulled once, whatever the number of trials, with the login that docker has stored', () => {
    expect(first.code, first.stderr).toBe(0);
    for (const i of [1, 2, 3]) expect(first.record.log(`pull-missing-${i}`)).toBe('1\n');
    expect(first.record.log('pull-private')).toBe('1\n');
    expect(
      first.record
        .all('image.pulling')
        .map((event) => event.image)
        .sort(),
    ).toEqual([...references].sort());
    for (const event of first.record.all('image.ready')) {
      expect(event.id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(event.pulled).toBe(event.image !== FIRST);
      if (event.pulled) expect(event.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    }
  });

  it('missing uses what is there, always asks the registry again', () => {
    expect(second.code, second.stderr).toBe(0);
    for (const i of [1, 2, 3]) expect(second.record.log(`pull-missing-${i}`)).toBe('1\n');
    expect(second.record.log('pull-always')).toBe('2\n');
    expect(second.record.log('pull-never')).toBe('1\n');
    expect(second.record.all('image.pulling').map((event) => event.image)).toEqual([references[1]]);
  });

  it('an image that cannot be had is refused before anything starts, each with its reason', async () => {
    await engine.getImage(references[2]!).remove({ force: true });
    place.write(
      'experiment.jsonnet',
      `[
        { name: 'pull-well', image: '${FIRST}' },
        { name: 'pull-stranger', image: '${references[2]}' },
        { name: 'pull-unknown', image: '${open.host}/lab/nothing:7' },
        { name: 'pull-nobody', image: '127.0.0.1:1/lab/nobody:1' },
        { name: 'pull-forbidden', image: 'combu-e2e/version:3', pull: 'never' },
      ]`,
    );
    const ended = await place.combu(['run'], { env: { DOCKER_CONFIG: place.path('nowhere') } });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(references[2]);
    expect(ended.stderr).toContain(`docker login ${closed.host}`);
    expect(ended.stderr).toContain(`${open.host}/lab/nothing:7`);
    expect(ended.stderr).toContain('127.0.0.1:1/lab/nobody:1');
    expect(ended.stderr).toContain('combu-e2e/version:3');
    expect(await place.containers()).toEqual([]);
  });
});
