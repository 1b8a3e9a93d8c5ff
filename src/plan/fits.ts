import type { Refusal } from '../model/problem.js';
import type { Capacity, Request } from '../model/resources.js';
import { formatSize } from '../util/size.js';
import { networksOf } from './networks.js';
import { count, listNames } from './phrases.js';
import type { PlannedNetwork, PlannedTrial } from './plan.js';
import { addRequests } from './requests.js';

/** Requests that can never fit this machine, alone or together with the services they need; one refusal for equal ones. */
export function refuseMisfits(
  trials: readonly PlannedTrial[],
  capacity: Capacity,
  networks: readonly PlannedNetwork[],
  run: string,
): Refusal[] {
  const byName = new Map(trials.map((planned) => [planned.trial.name, planned]));
  const found = new Map<string, { code: Refusal['code']; fix: string; names: string[] }>();
  const add = (name: string, code: Refusal['code'], message: string, fix: string) => {
    const same = found.get(message);
    if (same === undefined) found.set(message, { code, fix, names: [name] });
    else same.names.push(name);
  };
  const bounds = networks.flatMap(({ name, endpoints }) =>
    endpoints === undefined ? [] : [{ name, endpoints }],
  );
  for (const planned of trials) {
    const { trial, request } = planned;
    const alone = excess(request, capacity);
    if (alone.length > 0) {
      const code = alone.every(({ what }) => what === 'gpus') ? 'gpu' : 'never-fits';
      add(trial.name, code, `needs ${phrase(alone)}`, adviceFor(planned));
      continue;
    }
    const services = planned.needs.map((name) => byName.get(name)!);
    if (services.length === 0) continue;
    const together = excess(addRequests([request, ...services.map((service) => service.request)]), capacity);
    if (together.length > 0) {
      const fix = 'ask for less in the trial or in its services, or declare `cpus: 0` where little is used';
      add(
        trial.name,
        'never-fits',
        `needs, together with the services ${listNames(planned.needs)}, ${phrase(together)}`,
        fix,
      );
    }
    for (const { name, endpoints } of bounds) {
      const joined = [planned, ...services].filter((one) => networksOf(one.trial, run).includes(name)).length;
      if (joined <= endpoints) continue;
      add(
        trial.name,
        'never-fits',
        `needs, together with its services, ${joined} places in network ${name}, which has ${endpoints}`,
        'give the network a larger `subnet`, or let services join others',
      );
    }
  }
  return [...found].map(([message, { code, fix, names }]) => ({
    code,
    trial: names[0],
    message: `${listNames(names)} ${names.length === 1 ? message : message.replace(/^needs/, 'each need')}`,
    fix,
  }));
}

interface Excess {
  readonly what: keyof Request;
  readonly wanted: string;
  readonly offered: string;
}

function excess(request: Request, capacity: Capacity): Excess[] {
  const found: Excess[] = [];
  if (request.cpus > capacity.cpus) {
    found.push({ what: 'cpus', wanted: count(request.cpus, 'cpu'), offered: String(capacity.cpus) });
  }
  if (request.memory > capacity.memory) {
    found.push({
      what: 'memory',
      wanted: `${formatSize(request.memory)} of memory`,
      offered: formatSize(capacity.memory),
    });
  }
  if (request.gpus > capacity.gpus.length) {
    found.push({ what: 'gpus', wanted: count(request.gpus, 'gpu'), offered: String(capacity.gpus.length) });
  }
  return found;
}

function phrase(excess: readonly Excess[]): string {
  return excess.map(({ wanted, offered }) => `${wanted} (the machine offers ${offered})`).join(' and ');
}

function adviceFor({ trial }: PlannedTrial): string {
  return trial.resources.gpus === 'all'
    ? 'run it on a machine with gpus, or name them with --gpus'
    : 'ask for less in `resources`, or run it on a larger machine';
}
