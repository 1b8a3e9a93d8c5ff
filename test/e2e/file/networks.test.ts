import { readdirSync } from 'node:fs';
import type { NetworkInspectInfo } from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, engine, type FinishedRun, workplace } from '../../rig/experiment.js';

describe('networks', () => {
  const place = workplace();
  let run: FinishedRun;
  let external: string;
  let during: string[];
  let closed: NetworkInspectInfo;
  const tag = place.folder.slice(place.folder.lastIndexOf('/') + 1);

  beforeAll(async () => {
    external = (await engine.createNetwork({ Name: `${tag}-external` })).id;
    place.write('gate/.keep', '');
    place.write(
      'experiment.jsonnet',
      `
      local uuid = 'UUID';
      local server = { cmd: 'sleep 300', service: true };
      local look(names, depends=names) = { depends: depends, cmd: ['sh', '-c', |||
        for name in %s; do
          if ping -c 1 -W 2 $name >/dev/null 2>&1; then echo $name=reached; else echo $name=unknown; fi
        done
        echo interfaces=$(ls /sys/class/net | sort | tr '\\n' ' ')
        ip -4 -o addr | awk '{ print "address" NR "=" $4 }'
      ||| % std.join(' ', names)] };
      local servers = ['networks-red', 'networks-blue', 'networks-plain'];
      {
        networks: {
          ['red-%s' % uuid]: {},
          '${tag}-closed': { internal: true, subnet: '10.213.77.0/24' },
          '${tag}-external': { external: true },
        },
        defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
        trials: [
          server { name: 'networks-red', networks: ['red-%s' % uuid] },
          server { name: 'networks-blue', networks: ['blue-%s' % uuid] },
          server { name: 'networks-plain' },
          look(servers) { name: 'networks-both', networks: ['red-%s' % uuid, 'blue-%s' % uuid] },
          look(servers) { name: 'networks-one', networks: ['red-%s' % uuid] },
          look(servers) { name: 'networks-default' },
          look([]) { name: 'networks-closed', networks: ['${tag}-closed'] },
          look([]) { name: 'networks-external', networks: ['${tag}-external'] },
          look([]) { name: 'networks-none', networks: ['none'] },
          look([]) { name: 'networks-host', networks: ['host'] },
          look([]) { name: 'networks-bridge', networks: ['bridge'] },
          { name: 'networks-gate', networks: ['none'], volumes: [{ host: './gate', container: '/gate' }],
            cmd: ['sh', '-c', 'until [ -e /gate/open ]; do usleep 20000; done'] },
        ],
      }`,
    );
    const underway = place.start(['run']);
    await place.until((record) => record.all('attempt.started', 'networks-gate').length === 1, underway);
    during = await place.networks();
    closed = await engine.getNetwork(`${tag}-closed`).inspect();
    place.write('gate/open', '');
    const ended = await underway.ended;
    run = { ...ended, record: place.runs()[0]! };
  });

  afterAll(() => engine.getNetwork(external).remove());

  const facts = (trial: string) => run.record.facts(trial);

  it('all of a trial are joined, and trials find each other in them by name', () => {
    expect(run.code).toBe(0);
    expect(facts('networks-both')).toMatchObject({
      'networks-red': 'reached',
      'networks-blue': 'reached',
      'networks-plain': 'unknown',
      interfaces: 'eth0 eth1 lo',
    });
  });

  it('a trial finds only those who share a network with it', () => {
    expect(facts('networks-one')).toMatchObject({
      'networks-red': 'reached',
      'networks-blue': 'unknown',
      'networks-plain': 'unknown',
    });
  });

  it('without any, a trial is in the network of the run, which has names too', () => {
    expect(facts('networks-default')).toMatchObject({
      'networks-plain': 'reached',
      'networks-red': 'unknown',
    });
  });

  it('internal leads nowhere outside, and subnet gives the addresses', () => {
    expect(closed.Internal).toBe(true);
    expect(closed.IPAM?.Config?.[0]?.Subnet).toBe('10.213.77.0/24');
    const addresses = Object.values(facts('networks-closed'));
    expect(addresses).toContainEqual(expect.stringMatching(/^10\.213\.77\.\d+\/24$/));
  });

  it('none is no network at all, host is that of the host, bridge is that of the engine', async () => {
    expect(facts('networks-none').interfaces).toBe('lo');
    // Those of containers and networks come and go.
    const lasting = readdirSync('/sys/class/net').filter((name) => !/^(veth|br-)/.test(name));
    expect(facts('networks-host').interfaces?.split(' ')).toEqual(expect.arrayContaining(lasting));
    const bridge = await engine.getNetwork('bridge').inspect();
    const prefix = bridge.IPAM?.Config?.[0]?.Subnet?.split('.').slice(0, 2).join('.');
    expect(Object.values(facts('networks-bridge'))).toContainEqual(expect.stringMatching(`^${prefix}\\.`));
  });

  it('are made for the run, each once, and removed after it; an external one stays', async () => {
    const id = run.record.id;
    expect([...during].sort()).toEqual([`blue-${id}`, `combu-${id}`, `red-${id}`, `${tag}-closed`].sort());
    expect(await place.networks()).toEqual([]);
    expect((await engine.getNetwork(external).inspect()).Name).toBe(`${tag}-external`);
  });
});
