import type { Experiment } from '../model/experiment.js';
import type { Refusal } from '../model/problem.js';
import { ENGINE_NETWORKS, type Trial } from '../model/trial.js';
import type { Observed, ObservedNetwork, PlannedNetwork, PlanOptions } from './plan.js';
import { endpointsOf, subnetsOverlap } from './subnet.js';

/** The network of trials that name none, so that they find each other by name. */
export function ownNetwork(run: string): string {
  return `combu-${run}`;
}

/** The networks that a trial joins. */
export function networksOf(trial: Trial, run: string): readonly string[] {
  return trial.networks.length > 0 ? trial.networks : [ownNetwork(run)];
}

/** Networks in the order in which trials first name them, and why they can't be had. */
export function planNetworks(
  experiment: Experiment,
  observed: Observed,
  options: PlanOptions,
): { networks: PlannedNetwork[]; refusals: Refusal[] } {
  const trials = new Map<string, number>();
  for (const trial of experiment.trials) {
    for (const name of networksOf(trial, options.run)) trials.set(name, (trials.get(name) ?? 0) + 1);
  }
  const present = new Map<string, ObservedNetwork[]>();
  for (const network of observed.networks) {
    // What ended runs left is gone by the time this run makes its own.
    if (network.run !== undefined && options.leftovers.has(network.run)) continue;
    present.set(network.name, [...(present.get(network.name) ?? []), network]);
  }
  const refusals: Refusal[] = [];
  const networks = [...trials].map(([name, count]) => {
    const here = present.get(name) ?? [];
    if (here.length > 1) {
      refusals.push(
        refusal(
          `the engine has ${here.length} networks of the name ${name}`,
          `remove all but one, by id: docker network ls --filter name=${name}`,
        ),
      );
    }
    return planNetwork(name, count, here[0], experiment, options, refusals);
  });
  const made = networks.filter(({ action, name }) => action === 'create' && !present.has(name));
  refuseOverlaps(made, [...present.values()].flat(), refusals);
  const free = freeNetworks(observed, options);
  const fromPools = made.filter(({ subnet }) => subnet === undefined).length;
  if (free !== undefined && fromPools > free) {
    refusals.push(
      refusal(
        `the run needs ${fromPools} new networks, and the engine's address pools hold only ${free} more`,
        'let trials share networks, remove unused ones with `docker network prune`, or give `subnet`s under `networks`',
      ),
    );
  }
  return { networks, refusals };
}

function planNetwork(
  name: string,
  trials: number,
  present: ObservedNetwork | undefined,
  experiment: Experiment,
  options: PlanOptions,
  refusals: Refusal[],
): PlannedNetwork {
  const declared = Object.hasOwn(experiment.networks, name) ? experiment.networks[name] : undefined;
  const { internal = false, subnet, external = false } = declared ?? {};
  if (ENGINE_NETWORKS.includes(name)) {
    const endpoints = name === 'bridge' ? endpointsOf(present?.subnet) : undefined;
    return {
      name,
      action: 'use',
      reason: "the engine's own",
      internal: false,
      subnet: undefined,
      trials,
      endpoints,
    };
  }
  if (present === undefined) {
    if (external) {
      refusals.push(
        refusal(
          `there is no network ${name}, which the file declares external`,
          `make it: docker network create ${name}`,
        ),
      );
    }
    const reason = external ? 'declared external' : 'absent';
    return {
      name,
      action: external ? 'use' : 'create',
      reason,
      internal,
      subnet,
      trials,
      endpoints: endpointsOf(subnet),
    };
  }
  const endpoints = present.driver === 'bridge' ? endpointsOf(present.subnet) : undefined;
  if (present.run === options.run) {
    return {
      name,
      action: 'create',
      reason: 'made by this run before',
      internal,
      subnet: present.subnet,
      trials,
      endpoints,
    };
  }
  const reason =
    present.run !== undefined
      ? `shared with run ${present.run}`
      : external
        ? 'declared external'
        : 'was there before';
  return { name, action: 'use', reason, internal, subnet: present.subnet, trials, endpoints };
}

function refuseOverlaps(
  made: readonly PlannedNetwork[],
  present: readonly ObservedNetwork[],
  refusals: Refusal[],
): void {
  const taken: { name: string; subnet: string | undefined }[] = [...present];
  for (const network of made) {
    const { name, subnet } = network;
    if (subnet === undefined) continue;
    const other = taken.find((one) => one.subnet !== undefined && subnetsOverlap(one.subnet, subnet));
    if (other !== undefined) {
      refusals.push(
        refusal(
          `the subnet ${subnet} of network ${name} overlaps with ${other.subnet} of network ${other.name}`,
          'choose another subnet, or leave it out',
        ),
      );
    }
    taken.push(network);
  }
}

/** What the address pools hold once the leftovers are gone. */
function freeNetworks(observed: Observed, options: PlanOptions): number | undefined {
  const { freeNetworks: free } = observed.engine;
  if (free === undefined) return undefined;
  return free + observed.networks.filter(({ run }) => run !== undefined && options.leftovers.has(run)).length;
}

function refusal(message: string, fix: string): Refusal {
  return { code: 'networks', trial: undefined, message, fix };
}
