import type { Experiment } from '../model/experiment.js';
import type { Refusal } from '../model/problem.js';
import { listNames } from './phrases.js';
import type { Observed, PlannedVolume, PlanOptions } from './plan.js';

/** Named volumes in the order in which trials first name them, and why they can't be had. */
export function planVolumes(
  experiment: Experiment,
  observed: Observed,
  options: PlanOptions,
): { volumes: PlannedVolume[]; refusals: Refusal[] } {
  const users = new Map<string, string[]>();
  const binders: string[] = [];
  for (const trial of experiment.trials) {
    for (const mount of trial.volumes) {
      if (mount.kind === 'volume') users.set(mount.volume, [...(users.get(mount.volume) ?? []), trial.name]);
    }
    if (trial.volumes.some(({ kind }) => kind === 'folder')) binders.push(trial.name);
  }
  const present = new Map(observed.volumes.map((volume) => [volume.name, volume]));
  const refusals: Refusal[] = [];
  if (!observed.engine.local && binders.length > 0) {
    refusals.push({
      code: 'volume',
      trial: binders[0],
      message: `${listNames(binders)} mount${binders.length === 1 ? 's' : ''} folders of this machine, but the engine runs on another one`,
      fix: "put the data into the image or a named volume, or run combu on the engine's machine",
    });
  }
  const volumes = [...users].map(([name, trials]): PlannedVolume => {
    const here = present.get(name);
    const external = Object.hasOwn(experiment.volumes, name) && experiment.volumes[name]!.external;
    if (here === undefined && external) {
      refusals.push({
        code: 'volume',
        trial: trials[0],
        message: `there is no volume ${name}, which the file declares external`,
        fix: `make it: docker volume create ${name}`,
      });
    }
    if (here === undefined)
      return { name, action: external ? 'use' : 'create', reason: external ? 'declared external' : 'absent' };
    if (here.run === options.run) return { name, action: 'create', reason: 'made by this run before' };
    return {
      name,
      action: 'use',
      reason: here.run === undefined ? 'was there before' : `made by run ${here.run}`,
    };
  });
  return { volumes, refusals };
}
