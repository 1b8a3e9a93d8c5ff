import { once } from 'node:events';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import picomatch from 'picomatch';
import { extract, pack } from 'tar-stream';
import { type ContainerSpec, RESULTS_PATH } from '../backend/backend.js';
import { Failure } from '../model/failure.js';
import { landingPlace } from '../model/landing-place.js';
import type { Attempt } from './attempt.js';
import { bindsResults } from './container-spec.js';
import type { RunContext } from './run-context.js';

/** Where an attempt's results lie while it runs. */
export async function resultsPlace(run: RunContext, attempt: Attempt): Promise<ContainerSpec['results']> {
  const { trial } = attempt.work.planned;
  const user = trial.user ?? run.images.get(trial.image)?.user ?? '';
  if (!bindsResults(run.engineFacts, run.order.caller, user)) return { kind: 'volume' };
  const folder = await run.ports.journal.resultsFolder(attempt.name, attempt.number);
  return folder === undefined ? { kind: 'volume' } : { kind: 'folder', folder };
}

/** What to copy: a path in the container, or those of a folder's entries whose names `matches` accepts. */
interface Wanted {
  readonly path: string;
  readonly matches?: (name: string) => boolean;
  /** Where it lands below the results folder; '' = in it. */
  readonly into: string;
}

/**
 * Copies what an ended container leaves behind into the run's folder: its results where they lie in a volume, and the
 * trial's `outputs`. Returns those that should be there and are not, or could not be copied.
 */
export async function copyOutputs(
  run: RunContext,
  attempt: Attempt,
  container: string,
): Promise<{ readonly missing: readonly string[] }> {
  const { trial } = attempt.work.planned;
  const missing: string[] = [];
  if ((await resultsPlace(run, attempt)).kind === 'volume') {
    await receive(run, attempt, container, { path: RESULTS_PATH, matches: () => true, into: '' });
  }
  const workdir = trial.workdir ?? run.images.get(trial.image)?.workdir ?? '';
  for (const output of trial.outputs) {
    const found = await receive(run, attempt, container, wantedOf(workdir, output.path));
    if (!found && !output.optional) missing.push(output.path);
  }
  const { renamed } = await run.ports.journal.settleResults(attempt.name, attempt.number);
  if (renamed.length > 0) noteRenamed(run, attempt, renamed);
  return { missing };
}

function wantedOf(workdir: string, output: string): Wanted {
  const path = posix.resolve('/', workdir, output);
  const into = posix.dirname(landingPlace(output)).replace(/^\.$/, '');
  const last = posix.basename(path);
  if (!/[*?[]/.test(last)) return { path, into };
  return { path: posix.dirname(path), matches: picomatch(last, { nobrace: true }), into };
}

/** false = there is nothing of it, or it could not be copied. */
async function receive(
  run: RunContext,
  attempt: Attempt,
  container: string,
  { path, matches, into }: Wanted,
): Promise<boolean> {
  try {
    // Each try reads the stream anew: one that broke half-way leaves nothing behind.
    const received = await run.engine.callAtLength(async (backend) => {
      const tar = await backend.copyOut(container, path);
      if (tar === undefined) return undefined;
      const chosen = matches === undefined ? tar : entriesOf(tar, matches);
      return run.ports.journal.receive(attempt.name, attempt.number, into, chosen);
    });
    if (received === undefined) return false;
    if (received.leftOut.length > 0) warnLeftOut(run, attempt, received.leftOut);
    // A folder may be empty; a link is nothing, for what it leads to was not copied.
    return received.files > 0 || (matches === undefined && received.leftOut.length === 0);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const message = `${path} of ${attempt.name} could not be copied: ${error.message}`;
    run.note({ type: 'run.warning', message });
    return false;
  }
}

/** Of a folder's tar, the entries whose name in that folder matches, without the folder. */
async function* entriesOf(
  tar: AsyncIterable<Uint8Array>,
  matches: (name: string) => boolean,
): AsyncGenerator<Uint8Array> {
  const chosen = pack();
  const entries = extract();
  const copying = (async () => {
    for await (const entry of entries) {
      const [, name, ...below] = entry.header.name.split('/').filter((part) => part !== '' && part !== '.');
      if (name === undefined || !matches(name)) {
        entry.resume();
        continue;
      }
      // Extended headers repeat a long or foreign name, as it was.
      const { pax: _pax, ...header } = entry.header;
      const content = chosen.entry({ ...header, name: [name, ...below].join('/') });
      for await (const chunk of entry) if (!content.write(chunk)) await once(content, 'drain');
      content.end(undefined);
    }
    chosen.finalize();
  })();
  copying.catch((error: Error) => chosen.destroy(error));
  const source = Readable.from(tar, { objectMode: false });
  source.on('error', (error) => entries.destroy(error));
  source.pipe(entries);
  try {
    yield* chosen as AsyncIterable<Uint8Array>;
    await copying;
  } finally {
    source.destroy();
    entries.destroy();
  }
}

const NAMED = 3;
/** Characters of a name that are shown. */
const SHOWN = 100;

function warnLeftOut(run: RunContext, attempt: Attempt, names: readonly string[]): void {
  const what = `Links, special files and paths of over 3,000 characters of ${attempt.name} were not copied`;
  run.note({ type: 'run.warning', message: `${what}: ${someOf(names)}` });
}

/** Once a run: where one trial's names are no text, those of a thousand others are none either. */
function noteRenamed(run: RunContext, attempt: Attempt, names: readonly string[]): void {
  if (run.saidRenamed) return;
  run.saidRenamed = true;
  const what = `Results of ${attempt.name} had names that are not UTF-8, and have others now`;
  run.note({ type: 'run.warning', message: `${what} (as will those of other trials): ${someOf(names)}` });
}

function someOf(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const shown = names
    .slice(0, NAMED)
    .map((name) => JSON.stringify(name.length > SHOWN ? `${name.slice(0, SHOWN)}...` : name));
  return `${shown.join(', ')}${more}`;
}
