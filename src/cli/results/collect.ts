import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readEvents } from '../../journal/read-run.js';
import { runPaths } from '../../journal/run-paths.js';
import { isCode, type RunFolder } from '../../journal/state-folder.js';
import type { JsonObject, JsonValue } from '../../model/json.js';
import { fold, newRunState, type TrialState } from '../../model/run-state.js';

/** A result that fits a cell. */
export type Scalar = string | number | boolean | null;

/** One file that an attempt left in its results folder. */
export interface ResultFile {
  /** Relative to the attempt's folder, with `/`. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** A trial with the attempt whose results count: its latest success. */
export interface TrialResults {
  readonly trial: string;
  readonly state: TrialState;
  /** undefined: no attempt has succeeded yet. */
  readonly attempt: number | undefined;
  readonly params: JsonObject;
}

/** The run's batch trials in its order, each with its latest success. A later attempt that failed hides nothing. */
export async function collectTrials(run: RunFolder): Promise<TrialResults[]> {
  const state = newRunState();
  const succeeded = new Map<string, number>();
  for (const event of await readEvents(run.folder)) {
    fold(state, event);
    if (event.type === 'attempt.ended' && event.outcome === 'succeeded')
      succeeded.set(event.trial, event.attempt);
  }
  const params = await readParams(run);
  return [...state.trials.values()]
    .filter((trial) => trial.kind === 'batch')
    .map(({ name, state: of }) => ({
      trial: name,
      state: of,
      attempt: succeeded.get(name),
      params: params.get(name) ?? {},
    }));
}

/** All files below an attempt's results folder, sorted by name; none where there is no folder. Links are not followed. */
export async function listFiles(run: RunFolder, trial: string, attempt: number): Promise<ResultFile[]> {
  const folder = runPaths.attemptResults(run.folder, trial, attempt);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      return {
        name: path.slice(folder.length + 1).replaceAll('\\', '/'),
        path,
        bytes: (await stat(path)).size,
      };
    });
  return (await Promise.all(files)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Larger files are data, not results to be shown in a table. */
const LARGEST = 4 * 1024 * 1024;

/** What the JSON files at the top of an attempt's folder say; `unread`: names of those that are too large or no JSON. */
export async function readScalars(
  run: RunFolder,
  trial: string,
  attempt: number,
): Promise<{ readonly files: Map<string, Map<string, Scalar>>; readonly unread: string[] }> {
  const files = new Map<string, Map<string, Scalar>>();
  const unread: string[] = [];
  for (const file of await listFiles(run, trial, attempt)) {
    if (!file.name.endsWith('.json') || file.name.includes('/')) continue;
    const value = file.bytes > LARGEST ? undefined : parseJson(await readFile(file.path, 'utf8'));
    if (value === undefined) unread.push(`${trial}/${attempt}/${file.name}`);
    else files.set(file.name.slice(0, -'.json'.length), flatten(value));
  }
  return { files, unread };
}

/**
 * Scalars of a value by their paths: `{a: {b: 1}, c: [1, 2]}` has `a.b` = 1; arrays are no scalars and left out.
 * A file that is itself a scalar has it under the empty path.
 */
export function flatten(value: JsonValue): Map<string, Scalar> {
  const found = new Map<string, Scalar>();
  const visit = (at: string, one: JsonValue): void => {
    if (one === null || typeof one !== 'object') found.set(at, one);
    else if (!Array.isArray(one))
      for (const [name, field] of Object.entries(one as JsonObject))
        visit(at === '' ? name : `${at}.${name}`, field);
  };
  visit('', value);
  return found;
}

async function readParams(run: RunFolder): Promise<Map<string, JsonObject>> {
  const text = await readFile(runPaths.plan(run.folder), 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return '{}';
    throw error;
  });
  const plan = JSON.parse(text) as { trials?: readonly { name: string; params?: JsonObject }[] };
  return new Map((plan.trials ?? []).map(({ name, params }) => [name, params ?? {}]));
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
