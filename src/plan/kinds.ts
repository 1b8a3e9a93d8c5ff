import type { Condition, Trial, TrialKind } from '../model/trial.js';

/** What a trial is and why, for people: `others name it, and it has ports`. */
export interface KindOfTrial {
  readonly kind: TrialKind;
  readonly reason: string;
}

/**
 * Which trials are services: those that say so; else those that another names with an explicit `started` or `healthy`, or
 * by bare name while they have a healthcheck, or ports, or neither `cmd` nor `entrypoint`, as long as no other names them
 * with `completed`. Everything else runs to its end, also when others depend on it: to wait for a job in vain can be seen,
 * to stop one half-way loses results.
 */
export function inferKinds(
  trials: readonly Trial[],
  hasHealthcheck: (trial: Trial) => boolean,
): Map<string, KindOfTrial> {
  const named = namings(trials);
  return new Map(trials.map((trial) => [trial.name, kindOf(trial, named.get(trial.name), hasHealthcheck)]));
}

/** The first trial that names another in each way. */
interface Naming {
  explicit?: { readonly by: string; readonly condition: Condition };
  bare?: string;
  completed?: string;
}

function namings(trials: readonly Trial[]): Map<string, Naming> {
  const named = new Map<string, Naming>();
  for (const trial of trials) {
    for (const { trial: name, condition } of trial.depends) {
      let naming = named.get(name);
      if (naming === undefined) {
        naming = {};
        named.set(name, naming);
      }
      if (condition === 'default') naming.bare ??= trial.name;
      else if (condition === 'completed') naming.completed ??= trial.name;
      else naming.explicit ??= { by: trial.name, condition };
    }
  }
  return named;
}

function kindOf(
  trial: Trial,
  naming: Naming | undefined,
  hasHealthcheck: (trial: Trial) => boolean,
): KindOfTrial {
  if (trial.service !== undefined) {
    return { kind: trial.service ? 'service' : 'batch', reason: `it says service: ${trial.service}` };
  }
  if (naming === undefined) return { kind: 'batch', reason: 'nobody depends on it' };
  if (naming.completed !== undefined) {
    return { kind: 'batch', reason: `${naming.completed} waits for it to complete` };
  }
  if (naming.explicit !== undefined) {
    const { by, condition } = naming.explicit;
    return { kind: 'service', reason: `${by} needs it ${condition}` };
  }
  const sign = signOfService(trial, hasHealthcheck);
  if (sign !== undefined)
    return { kind: 'service', reason: `${naming.bare} depends on it, and it has ${sign}` };
  return {
    kind: 'batch',
    reason: `${naming.bare} depends on it, but it has a command, and neither ports nor a healthcheck`,
  };
}

function signOfService(trial: Trial, hasHealthcheck: (trial: Trial) => boolean): string | undefined {
  if (hasHealthcheck(trial)) return 'a healthcheck';
  if (trial.ports.length > 0) return 'ports';
  return trial.cmd === undefined && trial.entrypoint === undefined ? 'neither cmd nor entrypoint' : undefined;
}
