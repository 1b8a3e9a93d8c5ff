import { describe, expect, it } from 'vitest';
import { network, planText, RUN, refusals } from './planning.js';

const joining = (...networks: string[]) =>
  `{ name: 't-${networks.join('-')}', image: 'x', cmd: 'x', networks: ${JSON.stringify(networks)} }`;

/** Networks of a plan as lines: `create sim: absent, 1000 at once`. */
function networksOf(
  text: string,
  ...rest: [Parameters<typeof planText>[1]?, Parameters<typeof planText>[2]?]
): string[] {
  return planText(text, ...rest).networks.map(
    ({ action, name, reason, endpoints }) =>
      `${action} ${name}: ${reason}, ${endpoints ?? 'any number'} at once`,
  );
}

describe('networks', () => {
  it('are made when absent, each once, and the run has its own for trials that name none', () => {
    const plan = planText(`[${joining('sim')}, ${joining('sim', 'data')}, ${joining()}]`);
    expect(plan.networks).toEqual([
      {
        name: 'sim',
        action: 'create',
        reason: 'absent',
        internal: false,
        subnet: undefined,
        trials: 2,
        endpoints: 1000,
      },
      {
        name: 'data',
        action: 'create',
        reason: 'absent',
        internal: false,
        subnet: undefined,
        trials: 1,
        endpoints: 1000,
      },
      {
        name: `combu-${RUN}`,
        action: 'create',
        reason: 'absent',
        internal: false,
        subnet: undefined,
        trials: 1,
        endpoints: 1000,
      },
    ]);
  });

  it('are made as declared', () => {
    const { networks } = planText(
      `{ networks: { sim: { internal: true, subnet: '10.9.0.0/28' } }, trials: [${joining('sim')}] }`,
    );
    // 16 addresses less network, broadcast and gateway.
    expect(networks).toMatchObject([{ internal: true, subnet: '10.9.0.0/28', endpoints: 13 }]);
  });

  it('that are there are used and say whose they are', () => {
    const text = `[${joining('mine')}, ${joining('old')}, ${joining('theirs')}, ${joining('made')}, ${joining('wide')}, ${joining('bridge')}, ${joining('host')}, ${joining('none')}]`;
    const networks = [
      network('mine', { subnet: '192.168.1.0/29' }),
      network('old', { run: 'endedendeded', experiment: 'this-experiment' }),
      network('theirs', { run: 'otherotherot', experiment: 'another' }),
      network('made', { run: RUN, experiment: 'this-experiment' }),
      network('wide', { driver: 'overlay' }),
      network('bridge', { subnet: '172.17.0.0/24' }),
      network('host', { driver: 'host', subnet: undefined }),
    ];
    expect(networksOf(text, { networks }, { leftovers: new Set(['endedendeded']) })).toEqual([
      'use mine: was there before, 5 at once',
      'create old: absent, 1000 at once',
      'use theirs: shared with run otherotherot, 1000 at once',
      'create made: made by this run before, 1000 at once',
      'use wide: was there before, any number at once',
      "use bridge: the engine's own, 253 at once",
      "use host: the engine's own, any number at once",
      "use none: the engine's own, any number at once",
    ]);
  });

  it('that are declared external must be there', () => {
    const text = `{ networks: { lab: { external: true } }, trials: [${joining('lab')}] }`;
    expect(networksOf(text, { networks: [network('lab')] })).toEqual([
      'use lab: declared external, 1000 at once',
    ]);
    expect(refusals(planText(text))).toEqual([
      'networks -: there is no network lab, which the file declares external -> make it: docker network create lab',
    ]);
  });

  it('of which there are two of a name are refused', () => {
    const networks = [network('sim', { id: 'one' }), network('sim', { id: 'two' })];
    expect(refusals(planText(`[${joining('sim')}]`, { networks }))).toEqual([
      'networks -: the engine has 2 networks of the name sim -> remove all but one, by id: docker network ls --filter name=sim',
    ]);
  });

  it('beyond what the address pools hold are refused, less those with a subnet, leftovers counted as free', () => {
    const trials = Array.from({ length: 4 }, (_, n) => joining(`net-${n}`)).join(', ');
    const engine = (freeNetworks: number | undefined) => ({
      engine: { ...planText('[{ name: "ab", image: "x" }]').basis.observed.engine, freeNetworks },
    });
    const text = `{ networks: { 'net-0': { subnet: '10.9.0.0/24' } }, trials: [${trials}] }`;
    expect(planText(text, engine(3)).refusals).toEqual([]);
    expect(planText(text, engine(undefined)).refusals).toEqual([]);
    expect(refusals(planText(text, engine(2)))).toEqual([
      "networks -: the run needs 3 new networks, and the engine's address pools hold only 2 more -> let trials share networks, remove unused ones with `docker network prune`, or give `subnet`s under `networks`",
    ]);
    const networks = [network('left', { run: 'endedendeded' })];
    expect(
      planText(text, { ...engine(2), networks }, { leftovers: new Set(['endedendeded']) }).refusals,
    ).toEqual([]);
  });

  it('whose subnet others have are refused', () => {
    const text = `{ networks: { n1: { subnet: '172.20.128.0/17' }, n2: { subnet: '10.1.0.0/16' }, n3: { subnet: '10.1.2.0/24' } },
      trials: [${joining('n1')}, ${joining('n2')}, ${joining('n3')}] }`;
    expect(refusals(planText(text, { networks: [network('lab', { subnet: '172.20.0.0/16' })] }))).toEqual([
      'networks -: the subnet 172.20.128.0/17 of network n1 overlaps with 172.20.0.0/16 of network lab -> choose another subnet, or leave it out',
      'networks -: the subnet 10.1.2.0/24 of network n3 overlaps with 10.1.0.0/16 of network n2 -> choose another subnet, or leave it out',
    ]);
  });
});
