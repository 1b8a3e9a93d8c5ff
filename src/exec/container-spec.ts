import { type ContainerSpec, type EngineFacts, RESULTS_PATH } from '../backend/backend.js';
import { type Identity, identityLabels, LABEL } from '../model/labels.js';
import type { Request } from '../model/resources.js';
import { networksOf } from '../plan/networks.js';
import type { PlannedTrial } from '../plan/plan.js';

const GIBIBYTE = 2 ** 30;
/** The engine's weight of one container; a batch trial that reserves n cpus weighs n times that. */
const CPU_WEIGHT = 1024;

/** Everything about one attempt that the plan does not say. */
export interface AttemptFacts {
  readonly identity: Identity;
  /** The experiment's name. */
  readonly experiment: string;
  readonly attempt: number;
  /** What admission reserved: more memory than planned after an attempt that ran out of it. */
  readonly request: Request;
  readonly devices: readonly string[];
  /** Image id. */
  readonly image: string;
  /** Engine ids by network name. */
  readonly networks: ReadonlyMap<string, string>;
  readonly engineHasInit: boolean;
  readonly secrets: Readonly<Record<string, string>>;
  /** For batch trials: the store's address and credentials, unless the file says otherwise. */
  readonly storeEnv: Readonly<Record<string, string>>;
  readonly results: ContainerSpec['results'];
}

/** A planned trial as one container. */
export function containerSpec(planned: PlannedTrial, facts: AttemptFacts): ContainerSpec {
  const { trial } = planned;
  const { request, identity } = facts;
  const quota = trial.resources.cpus;
  return {
    name: trial.name,
    image: facts.image,
    labels: labelsOf(planned, facts),
    cmd: trial.cmd,
    entrypoint: trial.entrypoint,
    env: environmentOf(planned, facts),
    workdir: trial.workdir,
    user: trial.user,
    ports: trial.ports,
    mounts: trial.volumes,
    networks: networksOf(trial, identity.run).map((name) => facts.networks.get(name) ?? name),
    healthcheck: trial.healthcheck,
    cpus: quota === 0 ? undefined : quota,
    cpuWeight: quota === undefined && request.cpus > 0 ? Math.round(CPU_WEIGHT * request.cpus) : undefined,
    memory: request.memory === 0 ? undefined : request.memory,
    shm: trial.shm ?? (request.memory === 0 ? GIBIBYTE : request.memory),
    init: trial.init ?? facts.engineHasInit,
    pids: trial.pids,
    stopSignal: trial.stopSignal,
    devices: facts.devices,
    results: facts.results,
  };
}

function labelsOf(planned: PlannedTrial, facts: AttemptFacts): Record<string, string> {
  const { name, labels } = planned.trial;
  const request = { cpus: facts.request.cpus, memory: facts.request.memory, gpus: facts.devices };
  return {
    ...labels,
    ...identityLabels(facts.identity),
    [LABEL.name]: name,
    [LABEL.trial]: name,
    [LABEL.attempt]: String(facts.attempt),
    [LABEL.fingerprint]: planned.fingerprint,
    [LABEL.request]: JSON.stringify(request),
  };
}

function environmentOf(planned: PlannedTrial, facts: AttemptFacts): Record<string, string> {
  const { trial } = planned;
  const env: Record<string, string> = {
    ...planned.extraEnv,
    ...(planned.kind === 'batch' ? facts.storeEnv : {}),
  };
  for (const [name, value] of Object.entries(trial.env)) {
    env[name] = value.kind === 'value' ? value.value : (facts.secrets[name] ?? '');
  }
  return {
    ...env,
    COMBU_EXPERIMENT: facts.experiment,
    COMBU_RUN: facts.identity.run,
    COMBU_TRIAL: trial.name,
    COMBU_ATTEMPT: String(facts.attempt),
    COMBU_PARAMS: JSON.stringify(trial.params ?? {}),
    COMBU_RESULTS: RESULTS_PATH,
  };
}

/**
 * Whether the results folder can be a folder of this machine: it must be the engine's machine too, and the files must
 * end up the caller's: because combu is root and gives them away, or because the trial's user is the caller, inside the
 * container and out.
 */
export function bindsResults(
  engine: Pick<EngineFacts, 'local' | 'remapsUsers'>,
  caller: { readonly uid: number; readonly root: boolean },
  user: string,
): boolean {
  return engine.local && (caller.root || (uidOf(user) === caller.uid && !engine.remapsUsers));
}

/** The uid of `user` as in `docker run`; undefined = a name, which only the image knows. Nothing said: root. */
function uidOf(user: string): number | undefined {
  const name = user.split(':')[0]!;
  if (name === '' || name === 'root') return 0;
  return /^\d+$/.test(name) ? Number(name) : undefined;
}
