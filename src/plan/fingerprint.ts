import { createHash } from 'node:crypto';
import type { JsonValue } from '../model/json.js';
import type { Trial } from '../model/trial.js';

/**
 * Hash of everything that decides a trial's result: image id, entrypoint, cmd, env (of passed-through variables the name
 * only), workdir, user, params, volumes, networks, outputs, shm, init, and the fingerprints of trials it waits for to
 * complete. Nothing else, so that other resources, timeouts, retries, ports, labels or another order run nothing again.
 * The run's id counts as `UUID`, so that the same work has one fingerprint in every run.
 */
export function fingerprint(
  trial: Trial,
  imageId: string,
  run: string,
  completed: readonly string[],
): string {
  const content: JsonValue = {
    image: imageId,
    entrypoint: trial.entrypoint ?? null,
    cmd: trial.cmd ?? null,
    env: Object.fromEntries(
      Object.entries(trial.env).map(([name, value]) => [name, value.kind === 'passed' ? null : value.value]),
    ),
    workdir: trial.workdir ?? null,
    user: trial.user ?? null,
    params: trial.params ?? null,
    volumes: trial.volumes.map((mount) => ({
      from: mount.kind === 'folder' ? ['folder', mount.folder] : ['volume', mount.volume],
      container: mount.container,
      readonly: mount.readonly,
    })),
    networks: trial.networks,
    outputs: trial.outputs.map(({ path, optional }) => ({ path, optional })),
    shm: trial.shm ?? null,
    init: trial.init ?? null,
    completed: [...completed].sort(),
  };
  return createHash('sha256').update(canonical(content, run)).digest('hex');
}

/** JSON with the fields of every object in order of their names, and the run's id written as `UUID`. */
function canonical(value: JsonValue, run: string): string {
  if (typeof value === 'string') return JSON.stringify(value.replaceAll(run, 'UUID'));
  if (Array.isArray(value)) return `[${value.map((element) => canonical(element, run)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, field]) => `${canonical(name, run)}:${canonical(field, run)}`,
  );
  return `{${fields.sort().join(',')}}`;
}
