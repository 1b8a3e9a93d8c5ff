import { describe, expect, it } from 'vitest';
import { MemoryBackend } from '../../../src/backend/memory/memory-backend.js';
import { type AttemptFacts, bindsResults, containerSpec } from '../../../src/exec/container-spec.js';
import { systemClock } from '../../../src/util/clock.js';
import { experiment, planFor, RUN, type TrialWords } from '../../rig/plan-fixture.js';

const GIB = 2 ** 30;

async function specOf(words: Partial<TrialWords>, facts: Partial<AttemptFacts> = {}) {
  const backend = new MemoryBackend(systemClock, { gpus: ['GPU-1'] });
  const [planned] = (await planFor(backend, experiment([{ name: 'a', ...words }]))).trials;
  return containerSpec(planned!, {
    identity: { experiment: 'hash', file: '/e.jsonnet', owner: '1000', run: RUN },
    experiment: 'test',
    attempt: 2,
    request: planned!.request,
    devices: [],
    image: 'sha256:1',
    networks: new Map([[`combu-${RUN}`, 'network-id']]),
    engineHasInit: true,
    secrets: {},
    storeEnv: {},
    results: { kind: 'volume' },
    ...facts,
  });
}

describe('a trial as a container', () => {
  it('carries who made it, and for what', async () => {
    const spec = await specOf({ labels: { team: 'x' }, resources: { cpus: 2, memory: GIB } });
    expect(spec.labels).toEqual({
      team: 'x',
      'combu.experiment': 'hash',
      'combu.file': '/e.jsonnet',
      'combu.owner': '1000',
      'combu.run': RUN,
      'combu.name': 'a',
      'combu.trial': 'a',
      'combu.attempt': '2',
      'combu.fingerprint': expect.stringMatching(/^[0-9a-f]{64}$/),
      'combu.request': '{"cpus":2,"memory":1073741824,"gpus":[]}',
    });
    expect(spec).toMatchObject({
      name: 'a',
      image: 'sha256:1',
      networks: ['network-id'],
      init: true,
      pids: 4096,
    });
  });

  it('knows by its environment what it is; the file can’t change that', async () => {
    const spec = await specOf(
      {
        params: { lr: 0.1 },
        env: {
          COMBU_TRIAL: { kind: 'value', value: 'forged', secret: false },
          TOKEN: { kind: 'passed' },
          OMP_NUM_THREADS: { kind: 'value', value: '7', secret: false },
        },
      },
      { secrets: { TOKEN: 'value' } },
    );
    expect(spec.env).toEqual({
      TOKEN: 'value',
      OMP_NUM_THREADS: '7',
      COMBU_EXPERIMENT: 'test',
      COMBU_RUN: RUN,
      COMBU_TRIAL: 'a',
      COMBU_ATTEMPT: '2',
      COMBU_PARAMS: '{"lr":0.1}',
      COMBU_RESULTS: '/combu/results',
    });
  });

  it('is limited to what it asks for, and only weighted where it asks for no cpus', async () => {
    const asked = await specOf({ resources: { cpus: 1.5, memory: 2 * GIB } });
    expect(asked).toMatchObject({ cpus: 1.5, cpuWeight: undefined, memory: 2 * GIB, shm: 2 * GIB });
    const silent = await specOf({});
    expect(silent).toMatchObject({ cpus: undefined, cpuWeight: 1024, memory: undefined, shm: GIB });
    const none = await specOf({ resources: { cpus: 0 }, shm: 123 });
    expect(none).toMatchObject({ cpus: undefined, cpuWeight: undefined, shm: 123 });
    const more = await specOf(
      { resources: { memory: GIB } },
      { request: { cpus: 1, memory: 4 * GIB, gpus: 0 }, devices: ['GPU-1'] },
    );
    expect(more).toMatchObject({ memory: 4 * GIB, devices: ['GPU-1'] });
  });
});

describe('results', () => {
  it('are a folder of this machine only where the files end up the caller’s', () => {
    const here = { local: true, remapsUsers: false };
    const root = { uid: 0, root: true };
    const user = { uid: 1000, root: false };
    expect(bindsResults(here, root, '1234')).toBe(true);
    expect(bindsResults(here, user, '1000')).toBe(true);
    expect(bindsResults(here, user, '1000:100')).toBe(true);
    expect(bindsResults(here, user, '')).toBe(false);
    expect(bindsResults(here, user, 'root')).toBe(false);
    expect(bindsResults(here, user, 'nobody')).toBe(false);
    expect(bindsResults({ local: false, remapsUsers: false }, root, '')).toBe(false);
    // Rootless, or with user namespaces: who is 1000 inside is somebody else outside.
    expect(bindsResults({ local: true, remapsUsers: true }, user, '1000')).toBe(false);
    expect(bindsResults({ local: true, remapsUsers: true }, root, '1000')).toBe(true);
  });
});
