import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../src/backend/backend.js';
import type { TrialStatus } from '../../../src/model/run-state.js';
import type { Plan } from '../../../src/plan/plan.js';
import { experiment, TestRun, type TrialWords } from '../../rig/plan-fixture.js';

const GIB = 2 ** 30;

/** A sequence that looks random and is the same each time (a linear congruential generator of 32 bits). */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What the containers that are there, made or running, were given: as the engine has it, whatever combu thinks. */
function held(containers: readonly ContainerSpec[]) {
  const sum = { cpus: 0, memory: 0, gpus: [] as string[], batch: 0 };
  for (const { labels } of containers) {
    const request = JSON.parse(labels['combu.request']!) as { cpus: number; memory: number; gpus: string[] };
    sum.cpus += request.cpus;
    sum.memory += request.memory;
    sum.gpus.push(...request.gpus);
  }
  return sum;
}

/** Everything that breaks the rule of capacity now. */
function excess(plan: Plan, containers: readonly ContainerSpec[]): string[] {
  const { cpus, memory, gpus } = held(containers);
  const faults: string[] = [];
  if (cpus > plan.capacity.cpus + 1e-6) faults.push(`${cpus} cpus of ${plan.capacity.cpus}`);
  if (memory > plan.capacity.memory) faults.push(`${memory} bytes of ${plan.capacity.memory}`);
  if (new Set(gpus).size < gpus.length) faults.push(`a GPU twice: ${gpus.join(', ')}`);
  return faults;
}

/**
 * Trials that are ready, and whose requests fit into what is free, though nothing happens at the engine: the rule of
 * work conservation, worked out from the plan and the journal's state alone.
 */
function waitingInVain(plan: Plan, run: TestRun, statuses: ReadonlyMap<string, TrialStatus>): string[] {
  const used = held(run.backend.all().filter((spec) => run.backend.running().includes(spec)));
  const free = {
    cpus: plan.capacity.cpus - used.cpus,
    memory: plan.capacity.memory - used.memory,
    gpus: plan.capacity.gpus.length - used.gpus.length,
  };
  return plan.trials
    .filter(({ trial, depends, request }) => {
      if (statuses.get(trial.name)!.state !== 'pending') return false;
      const ready = depends.every(({ trial: on, condition }) => {
        const status = statuses.get(on)!;
        return status.state === 'succeeded' || (condition === 'started' && status.state === 'running');
      });
      const fits =
        request.cpus <= free.cpus + 1e-6 && request.memory <= free.memory && request.gpus <= free.gpus;
      return ready && fits;
    })
    .map(({ trial }) => trial.name);
}

describe('10,000 trials on a machine that holds a few', () => {
  it('never go beyond its capacity, and never wait while they fit', async () => {
    const random = sequence(7);
    const words: TrialWords[] = Array.from({ length: 10_000 }, (_, n) => ({
      name: `t${n}`,
      resources: {
        cpus: [0.5, 1, 1, 2, 4][random(5)]!,
        memory: [0, 1, 2, 4][random(4)]! * GIB,
        gpus: random(10) === 0 ? 1 : undefined,
      },
      // One in four waits for the success of an earlier one: chains, trees and diamonds of all depths.
      depends: n > 0 && random(4) === 0 ? [{ trial: `t${random(n)}`, condition: 'completed' as const }] : [],
    }));
    const lengths = new Map(words.map(({ name }) => [name, 1_000 + random(600_000)]));
    const run = new TestRun(
      {},
      {
        cpus: 32,
        memory: 64 * GIB,
        gpus: ['GPU-1', 'GPU-2'],
        endpoints: 5_000,
        director: ({ name }) => ({
          ending: { kind: 'exit', after: lengths.get(name)!, code: lengths.get(name)! % 50 === 0 ? 1 : 0 },
        }),
        latency: (verb) => (verb === 'create' ? 30 : verb === 'start' ? 290 : 1),
      },
    );
    const plan = await run.clock.run(run.plan(experiment(words)));
    const faults: string[] = [];
    run.backend.onEvent(({ kind }) => {
      if (kind === 'started') faults.push(...excess(plan, run.backend.running()));
    });
    let looks = 0;
    let over = false;
    const inspector = (async () => {
      // At odd moments, long after whatever happened last could have been answered.
      while (!over) {
        await run.clock.sleep(29_000);
        if (over || run.state.reservedFor !== null) continue;
        const quiet = run.lastEventAt() + 5_000 < run.clock.now();
        if (!quiet) continue;
        looks += 1;
        faults.push(...waitingInVain(plan, run, run.state.trials).map((name) => `${name} waits in vain`));
      }
    })();
    const result = await run.clock.run(
      run.execute(plan).finally(() => {
        over = true;
      }),
    );
    await run.clock.run(inspector);
    expect(faults).toEqual([]);
    expect(looks).toBeGreaterThan(100);
    expect(result).toEqual({ outcome: 'failed', exitCode: 1 });
    // Who fails is known beforehand; who waits for one that did not succeed is skipped, and nobody else.
    const expected = new Map<string, string>();
    for (const { name, depends = [] } of words) {
      const [on] = depends as readonly { trial: string }[];
      const own = lengths.get(name)! % 50 === 0 ? 'failed' : 'succeeded';
      expected.set(name, on === undefined || expected.get(on.trial) === 'succeeded' ? own : 'skipped');
    }
    expect(new Map([...run.state.trials].map(([name, { state }]) => [name, state]))).toEqual(expected);
  }, 120_000);
});
