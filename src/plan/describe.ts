import { formatHostPort } from '../model/address.js';
import type { ResultsPlace } from '../model/experiment.js';
import type { JsonObject } from '../model/json.js';
import { formatPlace } from '../model/problem.js';
import type { Capacity, Request } from '../model/resources.js';
import { NO_RETRIES, type Retries, type Trial, type TrialKind } from '../model/trial.js';
import { formatDuration } from '../util/duration.js';
import { formatSize } from '../util/size.js';
import { networksOf } from './networks.js';
import { count, listNames } from './phrases.js';
import type { Plan, PlannedTrial } from './plan.js';

/** The plan as text, the same for the same plan: for `combu plan`, and for tests that compare whole plans. No escape codes. */
export function describePlan(plan: Plan): string {
  const lines = [
    `experiment ${plan.experiment.name}, run ${plan.run}`,
    `capacity: ${capacityPhrase(plan.capacity)}`,
    `at once: ${plan.jobs === undefined ? 'as many as fit' : `${count(plan.jobs, 'batch trial')} at most`}`,
    ...resultsLines(plan.experiment.results),
  ];
  section(
    lines,
    'images',
    plan.images.map((one) => [one.action, one.image, one.reason, count(one.trials, 'trial')]),
  );
  section(
    lines,
    'networks',
    plan.networks.map((one) => [
      one.action,
      one.name,
      one.reason,
      count(one.trials, 'trial'),
      one.endpoints === undefined ? '' : `${one.endpoints} at once`,
      one.internal ? 'internal' : '',
      one.subnet ?? '',
    ]),
  );
  section(
    lines,
    'volumes',
    plan.volumes.map((one) => [one.action, one.name, one.reason]),
  );
  const byName = new Map(plan.trials.map((planned) => [planned.trial.name, planned]));
  plan.groups.forEach((names, index) => {
    section(
      lines,
      `group ${index + 1}`,
      names.map((name) => trialCells(byName.get(name)!)),
    );
  });
  section(
    lines,
    'warnings',
    plan.warnings.map((warning) => [warning]),
  );
  section(
    lines,
    'refused',
    plan.refusals.map(({ trial, message, fix }) => {
      const place = trial === undefined ? undefined : byName.get(trial)?.trial.place;
      return [
        `${place === undefined ? '' : `${formatPlace(place)}: `}${message}${fix === undefined ? '' : `: ${fix}`}`,
      ];
    }),
  );
  return `${lines.join('\n')}\n`;
}

/** Which trials became services and why, one line for those that are alike: said at the head of `run`. */
export function describeServices(plan: Plan): string[] {
  const alike = new Map<string, PlannedTrial[]>();
  for (const planned of plan.trials) {
    if (planned.kind !== 'service') continue;
    const key = planned.kindReason.replace(/\d+/g, '#');
    alike.set(key, [...(alike.get(key) ?? []), planned]);
  }
  return [...alike.values()].map((services) => {
    const names = listNames(services.map(({ trial }) => trial.name));
    const { kindReason } = services[0]!;
    return services.length === 1
      ? `${names} is a service: ${kindReason}`
      : `${names} are services, such as ${services[0]!.trial.name}: ${kindReason}`;
  });
}

function resultsLines(place: ResultsPlace | undefined): string[] {
  if (place === undefined) return [];
  const at = place.endpoint === undefined ? '' : ` at ${place.endpoint}`;
  return [
    `results: also to ${place.store}${at}${place.direct ? ', by the batch trials themselves too' : ''}`,
  ];
}

/** The plan as JSON, for `plan.json` and `combu plan --json`. Holds no value of any variable but those that combu adds. */
export function planToJson(plan: Plan): JsonObject {
  return {
    schema: 'combu/plan/v1',
    experiment: plan.experiment.name,
    run: plan.run,
    capacity: { cpus: plan.capacity.cpus, memory: plan.capacity.memory, gpus: plan.capacity.gpus },
    jobs: plan.jobs ?? null,
    trials: plan.trials.map(({ trial, ...planned }) => ({
      name: trial.name,
      image: trial.image,
      kind: planned.kind,
      reason: planned.kindReason,
      group: planned.group + 1,
      depends: planned.depends.map((one) => ({ trial: one.trial, condition: one.condition })),
      needs: planned.needs,
      networks: networksOf(trial, plan.run),
      ports: trial.ports.map((port) => ({ ...port })),
      request: { cpus: planned.request.cpus, memory: planned.request.memory, gpus: planned.request.gpus },
      unmeasured: trial.resources.memory === undefined,
      ...limitsToJson(trial, planned.kind),
      extraEnv: planned.extraEnv,
      fingerprint: planned.fingerprint,
      params: trial.params ?? {},
    })),
    groups: plan.groups,
    images: plan.images.map((one) => ({ ...one })),
    networks: plan.networks.map((one) => ({
      ...one,
      subnet: one.subnet ?? null,
      endpoints: one.endpoints ?? null,
    })),
    volumes: plan.volumes.map((one) => ({ ...one })),
    refusals: plan.refusals.map((one) => ({ ...one, trial: one.trial ?? null, fix: one.fix ?? null })),
    warnings: plan.warnings,
  };
}

/** In seconds; null = no limit, or no further attempt. Nobody watches a service for a stall. */
function limitsToJson({ timeout, stall, retries }: Trial, kind: TrialKind): JsonObject {
  const seconds = (milliseconds: number | undefined) =>
    milliseconds === undefined ? null : milliseconds / 1000;
  const { max, on, backoff, memoryFactor } = retries;
  return {
    timeout: seconds(timeout),
    stall: kind === 'service' ? null : seconds(stall),
    retries: max === 0 ? null : { max, on, backoff: seconds(backoff), memoryFactor },
  };
}

function trialCells(planned: PlannedTrial): string[] {
  const { trial, kind, kindReason, depends, request } = planned;
  const ports = trial.ports.map(
    ({ address, host, container, protocol }) =>
      `${host === 0 ? `${address}:any` : formatHostPort({ address, port: host, protocol })} -> ${container}/${protocol}`,
  );
  return [
    trial.name,
    kind === 'service' || kindReason !== 'nobody depends on it' ? `${kind} (${kindReason})` : kind,
    requestPhrase(request),
    depends.length === 0 ? '' : `after ${depends.map((one) => `${one.trial} ${one.condition}`).join(', ')}`,
    ports.join(', '),
    limitsPhrase(planned),
  ];
}

/** What ends an attempt, and what follows a failed one; empty where nothing does. */
function limitsPhrase({ trial, kind }: PlannedTrial): string {
  const { timeout, stall, retries } = trial;
  return [
    timeout === undefined ? '' : `timeout ${formatDuration(timeout)}`,
    stall === undefined || kind === 'service' ? '' : `stall ${formatDuration(stall)}`,
    retries.max === 0 ? '' : retriesPhrase(retries),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** `2 retries`, `1 retry (on oom, after 5s, memory x 2)`. */
function retriesPhrase({ max, on, backoff, memoryFactor }: Retries): string {
  const how = [
    on.length === NO_RETRIES.on.length ? '' : `on ${on.join(' and ')}`,
    backoff === NO_RETRIES.backoff ? '' : `after ${formatDuration(backoff)}`,
    memoryFactor === NO_RETRIES.memoryFactor ? '' : `memory x ${memoryFactor}`,
  ].filter((part) => part !== '');
  return `${max} ${max === 1 ? 'retry' : 'retries'}${how.length === 0 ? '' : ` (${how.join(', ')})`}`;
}

function section(lines: string[], title: string, rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) return;
  lines.push('', title, ...rows.map((cells) => `  ${cells.filter((cell) => cell !== '').join('  ')}`));
}

function capacityPhrase({ cpus, memory, gpus }: Capacity): string {
  return `${count(cpus, 'cpu')}, ${formatSize(memory)} of memory, ${count(gpus.length, 'gpu')}`;
}

function requestPhrase({ cpus, memory, gpus }: Request): string {
  return [count(cpus, 'cpu'), memory === 0 ? '' : formatSize(memory), gpus === 0 ? '' : count(gpus, 'gpu')]
    .filter((part) => part !== '')
    .join(', ');
}
