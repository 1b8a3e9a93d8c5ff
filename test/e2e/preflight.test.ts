import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foreignContainer } from '../rig/combu.js';
import { BUSYBOX, workplace } from '../rig/experiment.js';

describe('what can not work', () => {
  const place = workplace();
  let removeForeign: () => Promise<void>;
  let listener: Server;
  let containerPort: number;
  let processPort: number;

  /** A port that is free now. */
  const freePort = async (keep: boolean): Promise<{ port: number; server: Server }> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    if (!keep) await new Promise((resolve) => server.close(resolve));
    return { port: address.port, server };
  };

  beforeAll(async () => {
    containerPort = (await freePort(false)).port;
    removeForeign = await foreignContainer({ name: 'combu-preflight-taken', port: containerPort });
    const held = await freePort(true);
    listener = held.server;
    processPort = held.port;
  });
  afterAll(async () => {
    listener.close();
    await removeForeign();
  });

  it('is refused with every reason at once, exit 3, and nothing is made', async () => {
    const networks = Array.from({ length: 300 }, (_, index) => `combu-preflight-${index}`);
    place.write(
      'experiment.jsonnet',
      `local defaults = { image: '${BUSYBOX}', cmd: 'true', resources: { cpus: 0 } };
      [
        defaults + { name: 'combu-preflight-taken' },
        defaults + { name: 'preflight-port-1', ports: [{ host: ${containerPort}, container: 80 }] },
        defaults + { name: 'preflight-port-2', ports: [{ host: ${processPort}, container: 80 }] },
        defaults + { name: 'preflight-cpus', resources: { cpus: 10000 } },
        defaults + { name: 'preflight-gpu', resources: { cpus: 0, gpus: 64 } },
        defaults + { name: 'preflight-image', image: 'combu-example/absent:1', pull: 'never' },
        defaults + { name: 'preflight-pull', image: '127.0.0.1:9/absent:1' },
        defaults + { name: 'preflight-networks', networks: ${JSON.stringify(networks)} },
      ]`,
    );
    const run = await place.combu(['run']);
    expect(run.code).toBe(3);
    for (const reason of [
      /combu-preflight-taken .*combu did not make/,
      new RegExp(`${containerPort}/tcp of preflight-port-1 .*combu-preflight-taken`),
      new RegExp(`${processPort}/tcp of preflight-port-2 .*process of this machine`),
      /preflight-cpus/,
      /preflight-gpu/,
      /combu-example\/absent:1 \(preflight-image\) is absent/,
      /absent:1 \(preflight-pull\) is absent and cannot be pulled/,
      /301 new networks/,
    ]) {
      expect(run.stderr).toMatch(reason);
    }
    expect(place.runs()).toEqual([]);
    expect(await place.containers()).toEqual([]);
    expect(await place.networks()).toEqual([]);
  });

  it('is told by plan as well', async () => {
    const plan = await place.combu(['plan', '--json']);
    expect(plan.code).toBe(3);
    const codes = JSON.parse(plan.stdout).refusals.map((refusal: { code: string }) => refusal.code);
    expect(new Set(codes)).toEqual(
      new Set(['name-taken', 'port-taken', 'never-fits', 'gpu', 'image', 'networks']),
    );
  });
});

describe('without an engine', () => {
  const place = workplace();
  const env = { DOCKER_HOST: 'tcp://127.0.0.1:9' };

  it('a run is refused: what was tried, why, what to do', async () => {
    place.write('experiment.jsonnet', `[{ name: 'preflight-a', image: '${BUSYBOX}' }]`);
    const run = await place.combu(['run'], { env });
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/127\.0\.0\.1:9.*DOCKER_HOST/s);
    expect(run.stderr).not.toMatch(/ {4}at /);
    expect(place.runs()).toEqual([]);
  });

  it('a faulty file is still told first', async () => {
    place.write('experiment.jsonnet', `[{ name: 'preflight-a' }]`);
    expect((await place.combu(['run'], { env })).code).toBe(2);
  });

  it('doctor says so and ends with 3', async () => {
    const doctor = await place.combu(['doctor', '--json'], { env });
    expect(doctor.code).toBe(3);
    const report = JSON.parse(doctor.stdout);
    expect(report).toMatchObject({ schema: 'combu/doctor/v1', ok: false });
    expect(report.checks.find((check: { name: string }) => check.name === 'engine').state).toBe('fail');
  });
});

describe('usage', () => {
  const place = workplace();

  it.each([
    [[], /Usage: combu/],
    [['runn'], /Did you mean .*run/s],
    [['run', '--detatch'], /Did you mean --detach/],
    [['-f', 'x.jsonnet'], /combu/],
    [['run'], /experiment\.jsonnet/],
    [['run', '-f', 'absent.jsonnet'], /absent\.jsonnet/],
  ])('%j ends with 2 and says what to do', async (args, text) => {
    const { code, stderr, stdout } = await place.combu(args);
    expect(stderr).toMatch(text);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('help and version go to standard output, with 0', async () => {
    for (const args of [['--help'], ['help', 'run'], ['run', '--help'], ['--version']]) {
      const { code, stdout } = await place.combu(args);
      expect(code, args.join(' ')).toBe(0);
      expect(stdout).not.toBe('');
    }
  });
});
