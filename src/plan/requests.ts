import type { Capacity, Request } from '../model/resources.js';
import type { Trial, TrialKind } from '../model/trial.js';
import type { ObservedImage } from './plan.js';

/** What the machine has and the command line says, as far as requests depend on it. */
export interface RequestContext {
  readonly capacity: Capacity;
  /** `-j` was given: its number alone bounds batch trials that ask for no cpus. */
  readonly explicitJobs: boolean;
  /** Of the machine, nothing kept free. */
  readonly machineCpus: number;
  /** How many batch trials the run has. */
  readonly batchTrials: number;
}

/** What admission reserves for one attempt. */
export function requestOf(trial: Trial, kind: TrialKind, context: RequestContext): Request {
  const { cpus, memory, gpus } = trial.resources;
  return {
    cpus: cpus ?? cpusUnasked(kind, context),
    memory: memory ?? 0,
    // "all" of none is still one: a trial that asks for devices must not run without.
    gpus: gpus === 'all' ? Math.max(1, context.capacity.gpus.length) : (gpus ?? 0),
  };
}

/** A service reserves only what it asks for. A batch trial takes one cpu, or the machine if that offers less. */
function cpusUnasked(kind: TrialKind, context: RequestContext): number {
  if (kind === 'service' || context.explicitJobs) return 0;
  return Math.min(1, context.capacity.cpus);
}

/**
 * `OMP_NUM_THREADS` where neither file nor image sets it, so that fifty trials don't start fifty times all cores' threads:
 * the cpus asked for, or else an equal share of the machine.
 */
export function extraEnvOf(
  trial: Trial,
  image: ObservedImage | undefined,
  context: RequestContext,
): Record<string, string> {
  const name = 'OMP_NUM_THREADS';
  if (Object.hasOwn(trial.env, name) || image?.env.includes(name)) return {};
  const share = trial.resources.cpus || context.machineCpus / Math.max(1, context.batchTrials);
  return { [name]: String(Math.max(1, Math.floor(share))) };
}

/** What several attempts hold together. */
export function addRequests(requests: Iterable<Request>): Request {
  let cpus = 0;
  let memory = 0;
  let gpus = 0;
  for (const request of requests) {
    cpus += request.cpus;
    memory += request.memory;
    gpus += request.gpus;
  }
  // Fractions of cpus add up to 0.30000000000000004 and the like.
  return { cpus: Math.round(cpus * 1e6) / 1e6, memory, gpus };
}
