import { describe, expect, it } from 'vitest';
import { image, planText } from './planning.js';

/** What a trial `server` with these fields is when `client` depends on it like this. */
function serverOf(fields: string, ...depends: string[]): string {
  const clients = depends.map((one, n) => `{ name: 'client-${n}', image: 'x', depends: [${one}] }`);
  const { trials } = planText(`[{ name: 'server', image: 'x', ${fields} }, ${clients.join(', ')}]`);
  return `${trials[0]!.kind}: ${trials[0]!.kindReason}`;
}

const COMPLETED = "{ name: 'server', condition: 'completed' }";
const STARTED = "{ name: 'server', condition: 'started' }";
const HEALTHY = "{ name: 'server', condition: 'healthy' }";

describe('a trial is a service', () => {
  it.each([
    // It says so.
    ['service: true', [], 'service: it says service: true'],
    ["service: false, ports: [80], cmd: 'x'", ["'server'"], 'batch: it says service: false'],
    ['service: false', [STARTED], 'batch: it says service: false'],
    // By an explicit condition.
    ["cmd: 'x'", [STARTED], 'service: client-0 needs it started'],
    ["cmd: 'x', healthcheck: { test: 'x' }", ["'server'", HEALTHY], 'service: client-1 needs it healthy'],
    // By a bare name, with a sign.
    [
      "cmd: 'x', healthcheck: { test: 'x' }",
      ["'server'"],
      'service: client-0 depends on it, and it has a healthcheck',
    ],
    ["cmd: 'x', ports: [80]", ["'server'"], 'service: client-0 depends on it, and it has ports'],
    ['', ["'server'"], 'service: client-0 depends on it, and it has neither cmd nor entrypoint'],
    // Everything else runs to its end.
    [
      "cmd: 'x'",
      ["'server'"],
      'batch: client-0 depends on it, but it has a command, and neither ports nor a healthcheck',
    ],
    [
      "entrypoint: 'x'",
      ["'server'"],
      'batch: client-0 depends on it, but it has a command, and neither ports nor a healthcheck',
    ],
    ['ports: [80]', ["'server'", COMPLETED], 'batch: client-1 waits for it to complete'],
    ['', [COMPLETED], 'batch: client-0 waits for it to complete'],
    ['ports: [80]', [], 'batch: nobody depends on it'],
  ] as const)('with { %s } and depended on as %j: %s', (fields, depends, kind) => {
    expect(serverOf(fields, ...depends)).toBe(kind);
  });

  it('where its image has a healthcheck', () => {
    const text =
      "[{ name: 'server', image: 'y', cmd: 'x' }, { name: 'ab', image: 'x', depends: ['server'] }]";
    const { trials } = planText(text, { images: new Map([['y', image({ hasHealthcheck: true })]]) });
    expect(trials[0]!.kind).toBe('service');
    expect(trials[1]!.depends).toEqual([{ trial: 'server', condition: 'healthy' }]);
  });
});

describe('the shapes that the original has', () => {
  it('ten solvers with a command, and a loader of which only the image says what it runs', () => {
    const { trials } = planText(`[{ name: 'loader', image: 'x', networks: ['simulation'] }] + [
      { name: 'solver-%s-%d' % [mode, id], image: 'y', cmd: 'make simulation ID=%d MODE=%s UUID=%s' % [id, mode, 'UUID'],
        networks: ['simulation'], depends: ['loader'] } for mode in ['a', 'b'] for id in std.range(0, 4)]`);
    expect(trials.map(({ kind }) => kind)).toEqual(['service', ...Array(10).fill('batch')]);
    expect(trials[1]).toMatchObject({
      depends: [{ trial: 'loader', condition: 'started' }],
      needs: ['loader'],
      group: 1,
    });
  });

  it('trials with cmd that depend by bare name on trials with cmd run to their ends', () => {
    const { trials } = planText(`[{ name: 'prepare', image: 'x', cmd: 'a' },
      { name: 'train', image: 'x', cmd: 'b', depends: ['prepare'] }, { name: 'test', image: 'x', cmd: 'c', depends: ['train'] }]`);
    expect(trials.map(({ kind }) => kind)).toEqual(['batch', 'batch', 'batch']);
    expect(trials.map(({ group }) => group)).toEqual([0, 1, 2]);
  });
});

describe('a stall', () => {
  const text = (stall: string) => `{ defaults: { image: 'x', stall: '1h' }, trials: [
    { name: 'ab', cmd: 'x', depends: ['db', 'cache'] }, { name: 'db', ${stall} }, { name: 'cache', ${stall} }] }`;

  it('that was given to what became a service is told of', () => {
    expect(planText(text("stall: '30m'")).warnings).toEqual([
      '`stall` means nothing to db and cache: a service does nothing while nobody asks it; write `service: false` where one ends by itself',
    ]);
  });

  it('of the defaults is for the batch trials', () => {
    expect(planText(text('')).warnings).toEqual([]);
    expect(planText(text("stall: '30m', cmd: 'x'")).warnings).toEqual([]);
  });
});

describe('a condition', () => {
  it('that is not written is healthy where a healthcheck is known, else started', () => {
    const { trials } = planText(`[
      { name: 'db', image: 'x', healthcheck: { test: 'x' } },
      { name: 'cache', image: 'x' },
      { name: 'ab', image: 'x', depends: ['db', 'cache', { name: 'prepare', condition: 'completed' }] },
      { name: 'prepare', image: 'x', cmd: 'x' }]`);
    expect(trials[2]!.depends).toEqual([
      { trial: 'db', condition: 'healthy' },
      { trial: 'cache', condition: 'started' },
      { trial: 'prepare', condition: 'completed' },
    ]);
  });

  it('that can never be met is refused', () => {
    const text = `[{ name: 'db', image: 'x' }, { name: 'ab', image: 'x', depends: [{ name: 'db', condition: 'healthy' }] }]`;
    expect(planText(text).refusals).toEqual([
      {
        code: 'image',
        trial: 'ab',
        message: 'ab waits for db to be healthy, but neither db nor its image x has a healthcheck',
        fix: 'give db a `healthcheck`, or wait for it to be "started"',
      },
    ]);
    expect(planText(text, { images: new Map([['x', image({ hasHealthcheck: true })]]) }).refusals).toEqual(
      [],
    );
  });
});
