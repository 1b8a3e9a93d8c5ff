import { readRunState } from '../../journal/read-run.js';
import type { Assignment, Setting } from '../../model/assignment.js';
import type { JsonValue } from '../../model/json.js';
import type { Problem } from '../../model/problem.js';
import { ok, type Result } from '../../model/result.js';
import type { RunState } from '../../model/run-state.js';
import { looksSecret } from '../../spec/env.js';
import type { ReadExperiment } from '../../spec/parse.js';
import type { CliContext } from '../context.js';
import { readWithId, type Source } from '../experiment.js';
import { chooseTrials } from '../looking/choose-trials.js';
import type { KnownRun } from './choose-run.js';
import type { PlanFlags, RunFlags } from './flags.js';
import { namedTrials, selectTrials } from './select.js';

/** The experiment with what the flags change of it, and what that leaves. */
export interface ChosenWork {
  readonly read: ReadExperiment;
  /** The run so far; undefined = a new one. */
  readonly previous: RunState | undefined;
  /** Trials that run again although they are done. */
  readonly rerun: ReadonlySet<string>;
  /** Trials of the file that were chosen; undefined = all. */
  readonly only: ReadonlySet<string> | undefined;
  /** Trials of the file that were not chosen. */
  readonly spared: ReadonlySet<string>;
  /** What is set over the file from now on, in this run. */
  readonly settings: readonly Setting[];
}

/** The flags that say which trials are meant, and what of them is changed. `plan` has no tags. */
export type WorkFlags = PlanFlags & Partial<Pick<RunFlags, 'tag'>>;

/** Applies `--tag`, `--only`, `--set` and `--rerun`. Throws a user's Failure where a flag means no trial. */
export async function chooseWork(
  context: CliContext,
  source: Source,
  read: ReadExperiment,
  flags: WorkFlags,
  resumed: KnownRun | undefined,
): Promise<Result<ChosenWork, readonly Problem[]>> {
  const nothing: ReadonlySet<string> = new Set();
  if (resumed === undefined) {
    const anew = { previous: undefined, rerun: nothing, only: undefined, spared: nothing, settings: [] };
    return ok({ read: tagged(read, flags), ...anew });
  }
  const previous = await readRunState(resumed.folder);
  const all: ReadonlySet<string> = new Set(read.experiment.trials.map(({ name }) => name));
  const named = flags.only === undefined ? all : namedTrials(read.experiment, flags.only, previous);
  const settings = [...(flags.unset === true ? [] : previous.settings), ...newSettings(flags, named)];
  let now = read;
  if (settings.length > 0) {
    const assignments = settings.map(({ fields, trials }) => ({
      fields,
      trials: trials === null ? all : new Set(trials),
    }));
    const again = await readWithId(context, source, resumed.id, flags, assignments);
    if (!again.ok) return again;
    now = again.value;
  }
  const chosen = [...selectTrials(now.experiment, named, previous)];
  const left = new Set(all);
  for (const name of chosen) left.delete(name);
  return ok({
    read: tagged(now, flags),
    previous,
    rerun: new Set(flags.rerun === undefined ? [] : chooseTrials(flags.rerun, chosen)),
    only: left.size === 0 ? undefined : new Set(chosen),
    spared: left,
    settings,
  });
}

function newSettings({ set, only }: WorkFlags, named: ReadonlySet<string>): readonly Setting[] {
  if (set === undefined) return [];
  return [{ fields: set, trials: only === undefined ? null : [...named] }];
}

/** What of the settings may be recorded: what looks like a secret may not, and so counts this time only. */
export function recordable(settings: readonly Setting[]): readonly Setting[] {
  return settings
    .map(({ fields, trials }) => ({ fields: fields.filter((field) => !tellsSecret(field)), trials }))
    .filter(({ fields }) => fields.length > 0);
}

/** Whether a name in it looks like a secret's. */
export function tellsSecret({ path, value }: Assignment): boolean {
  return path.some(looksSecret) || namesIn(value).some(looksSecret);
}

function namesIn(value: JsonValue): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(namesIn);
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}

function tagged(read: ReadExperiment, { tag }: WorkFlags): ReadExperiment {
  const { experiment } = read;
  return { ...read, experiment: { ...experiment, tags: { ...experiment.tags, ...tag } } };
}
