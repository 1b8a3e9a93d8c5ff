import { readFile } from 'node:fs/promises';
import { runPaths } from '../../journal/run-paths.js';
import type { JsonObject, JsonValue } from '../../model/json.js';
import { planToJson } from '../../plan/describe.js';
import type { Plan } from '../../plan/plan.js';
import { shared, type Taken } from './last-run.js';

/** What this plan shares with the run in the folder, as that run's recorded plan tells; empty = nothing. */
export async function sharedWith(plan: Plan, folder: string): Promise<readonly string[]> {
  const recorded = JSON.parse(await readFile(runPaths.plan(folder), 'utf8')) as JsonObject;
  return shared(takenBy(planToJson(plan)), takenBy(recorded));
}

/** Names, fixed host ports and volumes in the JSON form of a plan; what is not there counts as nothing. */
function takenBy(plan: JsonObject): Taken {
  const trials = objects(plan.trials);
  const ports = trials.flatMap((trial) => objects(trial.ports));
  return {
    names: trials.map((trial) => String(trial.name)),
    ports: ports.filter((port) => port.host !== 0).map((port) => `${port.host}/${port.protocol}`),
    volumes: objects(plan.volumes).map((volume) => String(volume.name)),
  };
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one) => typeof one === 'object' && one !== null && !Array.isArray(one));
}
