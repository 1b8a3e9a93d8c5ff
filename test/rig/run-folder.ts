import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runPaths } from '../../src/journal/run-paths.js';
import type { RunFolder } from '../../src/journal/state-folder.js';
import type { RunEvent } from '../../src/model/event.js';
import type { RunScript } from './run-events.js';

/** What a made-up run left on disk beside its journal. */
export interface Left {
  /** By `trial.attempt`. */
  readonly logs?: Readonly<Record<string, string>>;
  /** By `trial/attempt/file`. */
  readonly results?: Readonly<Record<string, string>>;
  readonly plan?: unknown;
  readonly experiment?: unknown;
}

/** Writes a run's folder under `cwd/.combu`, as a supervisor would have left it so far. */
export function writeRun(cwd: string, script: RunScript, left: Left = {}): RunFolder {
  const id = script.run;
  const startedAt = `${script.iso(0).slice(0, 19)}Z`;
  const stamp = startedAt.replace(/[-:Z]/g, '').replace('T', '-');
  const folder = join(cwd, '.combu', 'runs', `${stamp}-${id}`);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  write(runPaths.journal(folder), '');
  appendEvents({ id, folder, startedAt }, script.events);
  mkdirSync(runPaths.logs(folder));
  mkdirSync(runPaths.results(folder));
  for (const [name, text] of Object.entries(left.logs ?? {}))
    write(join(runPaths.logs(folder), `${name}.log`), text);
  for (const [path, text] of Object.entries(left.results ?? {}))
    write(join(runPaths.results(folder), path), text);
  if (left.plan !== undefined) write(runPaths.plan(folder), JSON.stringify(left.plan));
  if (left.experiment !== undefined) write(runPaths.experiment(folder), JSON.stringify(left.experiment));
  return { id, folder, startedAt };
}

/** Adds lines to a run's journal. */
export function appendEvents(run: RunFolder, events: readonly RunEvent[]): void {
  appendFileSync(runPaths.journal(run.folder), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}
