import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import { Lifecycle } from '../../../../src/backend/docker/lifecycle.js';
import { containerSpec } from '../../../contract/container-spec.js';

/** As the client throws what an engine answers, and what it throws where no answer came. */
const answer = (statusCode: number) =>
  Object.assign(new Error('no'), { statusCode, json: { message: `said ${statusCode}` } });
const NO_ANSWER = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

/** An engine that makes containers, and may fail at what is done with them afterwards. */
class FakeEngine {
  /** By name. */
  readonly there = new Map<string, { readonly id: string; readonly labels: object }>();
  joining: Error | undefined;
  preparing: Error | undefined;
  removing: Error | undefined;
  #made = 0;

  get docker(): Docker {
    return {
      createContainer: async (call: {
        readonly _query: { readonly name: string };
        readonly _body: { readonly Labels: object };
      }) => {
        const { name } = call._query;
        if (this.there.has(name)) throw answer(409);
        const id = `c${++this.#made}`;
        this.there.set(name, { id, labels: call._body.Labels });
        return { id };
      },
      getNetwork: () => ({
        connect: async () => {
          if (this.joining !== undefined) throw this.joining;
        },
      }),
      getContainer: (which: string) => ({
        putArchive: async () => {
          if (this.preparing !== undefined) throw this.preparing;
        },
        remove: async () => {
          if (this.removing !== undefined) throw this.removing;
          for (const [name, { id }] of this.there) if (id === which) this.there.delete(name);
        },
        inspect: async () => {
          const found = this.there.get(which);
          if (found === undefined) throw answer(404);
          return { Id: found.id, Config: { Labels: found.labels }, State: { Status: 'created' } };
        },
      }),
    } as unknown as Docker;
  }
}

const attempt = (number: number) =>
  containerSpec({ name: 'solver', networks: ['one', 'two'], labels: { 'combu.attempt': `${number}` } });

function setUp(differences: Partial<Pick<FakeEngine, 'joining' | 'preparing' | 'removing'>>) {
  const engine = Object.assign(new FakeEngine(), differences);
  const traits = { apiVersion: '1.41', hasInit: true, logScale: 1 };
  return { engine, lifecycle: new Lifecycle(engine.docker, traits) };
}

describe('a container that was made, but can’t be made ready', () => {
  it.each([
    { what: 'a further network', fault: { joining: answer(404) }, said: 'said 404' },
    { what: 'its results folder', fault: { preparing: answer(400) }, said: 'said 400' },
  ])('for $what does not stay, nor hold its name', async ({ fault, said }) => {
    const { engine, lifecycle } = setUp(fault);
    await expect(lifecycle.create(attempt(1))).rejects.toThrow(said);
    expect([...engine.there]).toEqual([]);
    engine.joining = undefined;
    engine.preparing = undefined;
    expect(await lifecycle.create(attempt(2))).toBe('c2');
  });

  it.each([
    { what: 'an answer that was lost', joining: NO_ANSWER, said: 'gave no answer' },
    { what: 'an error of the engine', joining: answer(500), said: 'said 500' },
  ])('for $what stays, and the next try takes it up', async ({ joining, said }) => {
    const { engine, lifecycle } = setUp({ joining });
    await expect(lifecycle.create(attempt(1))).rejects.toThrow(said);
    engine.joining = undefined;
    expect(await lifecycle.create(attempt(1))).toBe('c1');
  });

  it('fails for its own reason also where it can’t be removed', async () => {
    const { lifecycle } = setUp({ joining: answer(404), removing: answer(500) });
    await expect(lifecycle.create(attempt(1))).rejects.toThrow('said 404');
  });
});
