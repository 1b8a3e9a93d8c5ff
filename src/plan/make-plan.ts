import type { Experiment } from '../model/experiment.js';
import type { Refusal } from '../model/problem.js';
import type { Capacity } from '../model/resources.js';
import type { Trial } from '../model/trial.js';
import { fingerprint } from './fingerprint.js';
import { refuseMisfits } from './fits.js';
import { groupsOf, needsOf, orderOf, settleDependencies } from './graph.js';
import { planImages } from './images.js';
import { inferKinds } from './kinds.js';
import { planNetworks } from './networks.js';
import { listNames } from './phrases.js';
import type { Observed, ObservedImage, Plan, PlannedTrial, PlanOptions } from './plan.js';
import { extraEnvOf, type RequestContext, requestOf } from './requests.js';
import { refuseTaken } from './taken.js';
import { planVolumes } from './volumes.js';

/**
 * Decides what a run will do, from what was observed alone: pure, nothing asked, nothing started. Every reason not to
 * start is in `refusals`. The experiment is one that the spec reader let pass.
 */
export function makePlan(experiment: Experiment, observed: Observed, options: PlanOptions): Plan {
  const capacity = capacityOf(observed, options);
  const { trials, groups } = planTrials(experiment, observed, options, capacity);
  const running = { ...experiment, trials: trials.map(({ trial }) => trial) };
  const { images, refusals: noImages } = planImages(running, observed);
  const { networks, refusals: noNetworks } = planNetworks(running, observed, options);
  const { volumes, refusals: noVolumes } = planVolumes(running, observed, options);
  return {
    experiment,
    run: options.run,
    trials,
    groups,
    images,
    networks,
    volumes,
    capacity,
    jobs: options.jobs,
    refusals: [
      ...refuseMisfits(trials, capacity, networks, options.run),
      ...refuseTaken(running, observed, options),
      ...noNetworks,
      ...noImages,
      ...noVolumes,
      ...refuseNeverHealthy(trials, observed),
    ],
    warnings: [...experiment.warnings, ...unwatched(trials)],
    basis: { observed, options },
  };
}

/**
 * The same plan with images that have come since, or have changed: kinds, conditions, fingerprints and
 * `OMP_NUM_THREADS` depend on what is in an image, so a run plans again when it has pulled.
 */
export function withImages(plan: Plan, images: ReadonlyMap<string, ObservedImage>): Plan {
  const { observed, options } = plan.basis;
  // An id says all that is in an image; planning ten thousand trials again for the same takes a good part of a second.
  if ([...images].every(([reference, { id }]) => observed.images.get(reference)?.id === id)) return plan;
  const now = new Map([...observed.images, ...images]);
  return makePlan(plan.experiment, { ...observed, images: now }, options);
}

function capacityOf(observed: Observed, options: PlanOptions): Capacity {
  return {
    cpus: Math.max(0, observed.engine.cpus - options.reserve.cpus),
    memory: Math.max(0, observed.engine.memory - options.reserve.memory),
    gpus: observed.gpus,
  };
}

function planTrials(
  experiment: Experiment,
  observed: Observed,
  options: PlanOptions,
  capacity: Capacity,
): { trials: PlannedTrial[]; groups: string[][] } {
  const byName = new Map(experiment.trials.map((trial) => [trial.name, trial]));
  const hasHealthcheck = (trial: Trial) =>
    trial.healthcheck !== undefined || observed.images.get(trial.image)?.hasHealthcheck === true;
  const kinds = inferKinds(experiment.trials, hasHealthcheck);
  const depends = new Map(
    experiment.trials.map((trial) => [trial.name, settleDependencies(trial, byName, hasHealthcheck)]),
  );
  const order = orderOf(depends);
  const needs = needsOf(order, depends, (name) => kinds.get(name)!.kind);
  const fingerprints = new Map<string, string>();
  const imageIds = new Map<string, string>();
  for (const name of order.names) {
    const trial = byName.get(name)!;
    const completed = depends
      .get(name)!
      .flatMap((dependency) =>
        dependency.condition === 'completed' ? [fingerprints.get(dependency.trial)!] : [],
      );
    // Until an absent image is pulled only its name is known; the run plans again then.
    const present = observed.images.get(trial.image)?.id ?? trial.image;
    const made = (id: string) => fingerprint(trial, id, options.run, completed);
    const now = made(present);
    const recorded = options.settled?.fingerprints.get(name);
    const earlier =
      recorded === undefined || recorded === now ? [] : options.settled?.images.get(trial.image);
    const settledId = earlier?.find((id) => made(id) === recorded);
    imageIds.set(name, settledId ?? present);
    fingerprints.set(name, settledId === undefined ? now : recorded!);
  }
  const context: RequestContext = {
    capacity,
    explicitJobs: options.explicitJobs,
    machineCpus: observed.engine.cpus,
    batchTrials: experiment.trials.filter(({ name }) => kinds.get(name)!.kind === 'batch').length,
  };
  const { only } = options;
  const chosen = (name: string) => only === undefined || only.has(name);
  const running = experiment.trials.filter(({ name }) => chosen(name));
  const trials = running.map((trial): PlannedTrial => {
    const { name } = trial;
    const { kind, reason } = kinds.get(name)!;
    return {
      trial,
      kind,
      kindReason: reason,
      depends: depends.get(name)!,
      request: requestOf(trial, kind, context),
      extraEnv: extraEnvOf(trial, observed.images.get(trial.image), context),
      fingerprint: fingerprints.get(name)!,
      imageId: imageIds.get(name)!,
      needs: [...needs.get(name)!],
      group: order.level.get(name)!,
    };
  });
  const levels = groupsOf(order, [...byName.keys()]).map((names) => names.filter(chosen));
  return { trials, groups: levels.filter((names) => names.length > 0) };
}

/** Whoever gave a trial a `stall` did not think of it as a service: where it became one by inference, that is told. */
function unwatched(trials: readonly PlannedTrial[]): string[] {
  const services = trials.filter(({ trial, kind }) => kind === 'service' && trial.ownStall);
  if (services.length === 0) return [];
  const names = listNames(services.map(({ trial }) => trial.name));
  return [
    `\`stall\` means nothing to ${names}: a service does nothing while nobody asks it; write \`service: false\` where one ends by itself`,
  ];
}

/** A trial without a healthcheck never becomes healthy, so whoever waits for that would wait for ever. */
function refuseNeverHealthy(trials: readonly PlannedTrial[], observed: Observed): Refusal[] {
  const byName = new Map(trials.map((planned) => [planned.trial.name, planned.trial]));
  const told = new Set<string>();
  return trials.flatMap(({ trial, depends }) =>
    depends.flatMap(({ trial: name, condition }): Refusal[] => {
      const target = byName.get(name)!;
      const image = observed.images.get(target.image);
      const never =
        condition === 'healthy' && target.healthcheck === undefined && image?.hasHealthcheck === false;
      if (!never || told.has(name)) return [];
      told.add(name);
      return [
        {
          code: 'image',
          trial: trial.name,
          message: `${trial.name} waits for ${name} to be healthy, but neither ${name} nor its image ${target.image} has a healthcheck`,
          fix: `give ${name} a \`healthcheck\`, or wait for it to be "started"`,
        },
      ];
    }),
  );
}
