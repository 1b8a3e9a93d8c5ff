import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import pLimit from 'p-limit';
import { parseLines } from '../../journal/read-run.js';
import { holdRun, isHeldAnywhere } from '../../journal/run-lock.js';
import { runPaths } from '../../journal/run-paths.js';
import { type RunFolder, resolveRun } from '../../journal/state-folder.js';
import { Failure } from '../../model/failure.js';
import { fold, newRunState } from '../../model/run-state.js';
import { plural } from '../../report/text/amounts.js';
import { forgetStore } from '../../results/manifest.js';
import { resolveStoredRun, type StoredRun } from '../../results/stored-runs.js';
import type { ListedObject, ObjectStore } from '../../store/object-store.js';
import { isCode } from '../../util/errno.js';
import { formatSize } from '../../util/size.js';
import { visitFolder } from '../../util/visit-folder.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { ExperimentFlags } from '../flags.js';
import { chooseRun } from '../looking/run-choice.js';
import { refuseOtherHost } from '../other-host.js';
import { ownerOfRun } from '../run/record.js';
import { stateFolder } from '../state.js';
import { withStore } from './open.js';

export interface RemoveFlags extends ExperimentFlags {
  readonly run: string;
  readonly store?: string;
  readonly yes?: true;
  readonly force?: true;
  readonly json?: true;
}

/** Removals at once. */
const AT_ONCE = 16;

/** What is to go. */
interface Amount {
  readonly files: number;
  readonly bytes: number;
}

/** `combu results rm`: what a run has produced, here or in a store. The run's journal and logs stay here. */
export function remove(context: CliContext, flags: RemoveFlags): Promise<ExitCode> {
  const { store: address } = flags;
  return address === undefined
    ? removeHere(context, flags)
    : withStore(context, { ...flags, store: address }, (store) => removeStored(context, flags, store));
}

async function removeHere(context: CliContext, flags: RemoveFlags): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  const folder = runPaths.results(run.folder);
  await whileNobodyRuns(context, flags, run, async () => {
    const amount = await sizeOf(folder);
    await agreed(context, flags, amount, `run ${run.id} in ${run.folder}`);
    // No link is followed: what one leads to stays.
    for (const path of await pathsIn(folder)) await visitFolder(path, { entry: unlink, leave: rmdir });
    tell(context, flags, run.id, amount, run.folder);
  });
  return EXIT.ok;
}

async function removeStored(context: CliContext, flags: RemoveFlags, store: ObjectStore): Promise<ExitCode> {
  const found = await resolveStoredRun(store, flags.run);
  if (!found.ok) throw new Failure(`There is nothing to remove: ${found.error}.`, { owner: 'user' });
  const run = found.value;
  const here = await sameRunHere(context, flags, run);
  await whileNobodyRuns(context, flags, here, async () => {
    if (here === undefined) await refuseLiving(context, flags, store, run);
    const objects: ListedObject[] = [];
    for await (const object of store.list(`${run.name}/`)) objects.push(object);
    const amount = { files: objects.length, bytes: objects.reduce((sum, { size }) => sum + size, 0) };
    await agreed(context, flags, amount, `run ${run.id} in ${store.name}`);
    // First what the run's folder here tells of it: what is half removed must not count as stored.
    if (here !== undefined) await forgetStore(here.folder, store.name);
    const limit = pLimit(AT_ONCE);
    // The run's own record last: until then a removal that was cut off can be gone on with.
    const [record, results] = split(objects, ({ key }) => key.indexOf('/') === key.lastIndexOf('/'));
    await Promise.all(results.map(({ key }) => limit(() => store.remove(key))));
    await Promise.all(record.map(({ key }) => limit(() => store.remove(key))));
    tell(context, flags, run.id, amount, store.name);
  });
  return EXIT.ok;
}

/** Works under the run's lock, so that it can't be resumed meanwhile. Throws a Failure while a supervisor lives, or may live on another host. */
async function whileNobodyRuns(
  context: CliContext,
  flags: RemoveFlags,
  run: RunFolder | undefined,
  work: () => Promise<void>,
): Promise<void> {
  if (run === undefined) return work();
  await refuseOtherHost(context, run, { takeOver: flags.force }, '--force');
  const owner = await ownerOfRun(context, run.folder);
  const lock = await holdRun(run, { pid: context.pid, owner, doing: 'combu results rm' }, () => {});
  if (lock === undefined) throw living(run.id);
  try {
    await work();
  } finally {
    await lock.release();
  }
}

function living(id: string): Failure {
  return new Failure(`Run ${id} is still going on, so nothing of it is removed.`, {
    owner: 'refused',
    fix: `Wait for it: combu wait --run ${id}; or end it: combu kill --run ${id}`,
  });
}

/** Of a run that this machine knows nothing of, the store's copy of the journal tells whether it has ended. */
async function refuseLiving(
  context: CliContext,
  flags: RemoveFlags,
  store: ObjectStore,
  run: StoredRun,
): Promise<void> {
  if (await isHeldAnywhere(run.id)) throw living(run.id);
  const pieces: Uint8Array[] = [];
  for await (const piece of (await store.get(`${run.name}/journal.jsonl`)) ?? []) pieces.push(piece);
  const state = parseLines(Buffer.concat(pieces).toString('utf8')).reduce(fold, newRunState());
  if (state.outcome !== null || flags.force || state.host === context.host || state.host === '') return;
  throw new Failure(`Run ${run.id} has no end in its journal: it may still be going on on ${state.host}.`, {
    owner: 'refused',
    fix: 'If you know that it is not, add --force.',
  });
}

async function sameRunHere(
  context: CliContext,
  flags: RemoveFlags,
  run: StoredRun,
): Promise<RunFolder | undefined> {
  try {
    const found = await resolveRun(await stateFolder(context, flags), run.id);
    return found.ok && found.value.id === run.id ? found.value : undefined;
  } catch (error) {
    // No experiment is here at all.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Returns when the user wants it. Throws a Failure where they don't, or where nobody can be asked. */
async function agreed(
  context: CliContext,
  flags: RemoveFlags,
  { files, bytes }: Amount,
  what: string,
): Promise<void> {
  if (flags.yes || files === 0) return;
  const question = `Remove ${plural(files, 'file')} (${formatSize(bytes)}) of ${what}?`;
  if (context.stdin.isTTY !== true) {
    throw new Failure(`${question} Nobody can be asked here, so nothing was removed.`, {
      owner: 'refused',
      fix: 'Add --yes.',
    });
  }
  const lines = createInterface({ input: context.stdin, output: context.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  throw new Failure('Nothing was removed.', { owner: 'refused' });
}

function tell(
  context: CliContext,
  flags: RemoveFlags,
  run: string,
  { files, bytes }: Amount,
  place: string,
): void {
  if (flags.json) {
    context.stdout.write(`${JSON.stringify({ schema: 'combu/results-rm/v1', run, files, bytes })}\n`);
    return;
  }
  context.stderr.write(
    `${plural(files, 'file')} (${formatSize(bytes)}) of run ${run} removed from ${place}\n`,
  );
}

async function sizeOf(folder: string): Promise<Amount> {
  let files = 0;
  let bytes = 0;
  for (const path of await pathsIn(folder)) {
    await visitFolder(path, {
      entry: async (path) => {
        files += 1;
        bytes += (await lstat(path)).size;
      },
    });
  }
  return { files, bytes };
}

/** What lies in a folder, nothing where it is not there; of a link in its place: the link. */
async function pathsIn(folder: string): Promise<readonly string[]> {
  try {
    if (!(await lstat(folder)).isDirectory()) return [folder];
    return (await readdir(folder)).map((name) => join(folder, name));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function split<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}
