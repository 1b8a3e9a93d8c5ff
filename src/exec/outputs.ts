import { posix } from 'node:path';
import { Readable } from 'node:stream';
import picomatch from 'picomatch';
import { extract, pack } from 'tar-stream';
import { RESULTS_PATH } from '../backend/backend.js';
import { Failure } from '../model/failure.js';
import type { Output } from '../model/trial.js';
import type { Attempt } from './attempt.js';
import { bindsResults } from './container-spec.js';
import type { RunContext } from './run-context.js';

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
  const image = run.images.get(trial.image);
  const missing: string[] = [];
  if (!bindsResults(run.engineFacts.local, run.order.caller, trial.user ?? image?.user ?? '')) {
    await receive(run, attempt, container, { path: `${RESULTS_PATH}/.`, optional: true });
  }
  const workdir = trial.workdir ?? image?.workdir ?? '';
  for (const output of trial.outputs) {
    const path = posix.resolve('/', workdir, output.path);
    const found = await receive(run, attempt, container, { ...output, path });
    if (!found && !output.optional) missing.push(output.path);
  }
  await run.ports.journal.settleResults(attempt.name, attempt.number);
  return { missing };
}

/** Copies one path, or all that match its last part; false = there is nothing, or it could not be copied. */
async function receive(
  run: RunContext,
  attempt: Attempt,
  container: string,
  { path }: Output,
): Promise<boolean> {
  const last = posix.basename(path);
  const glob = /[*?[{]/.test(last);
  try {
    // Each try reads the stream anew: one that broke half-way leaves nothing behind.
    const received = await run.engine.call(async (backend) => {
      const tar = await backend.copyOut(container, glob ? posix.dirname(path) : path);
      if (tar === undefined) return undefined;
      const { journal } = run.ports;
      return journal.receive(attempt.name, attempt.number, '', glob ? matching(tar, last) : tar);
    });
    if (received === undefined) return false;
    if (received.leftOut.length > 0) warnLeftOut(run, attempt, received.leftOut);
    return !glob || received.files > 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const message = `${path} of ${attempt.name} could not be copied: ${error.message}`;
    run.note({ type: 'run.warning', message });
    return false;
  }
}

/** Of a folder's tar, the entries whose name in that folder matches, without the folder. */
async function* matching(tar: AsyncIterable<Uint8Array>, glob: string): AsyncGenerator<Uint8Array> {
  const matches = picomatch(glob);
  const chosen = pack();
  const entries = extract();
  const copying = (async () => {
    for await (const entry of entries) {
      const [, name, ...below] = entry.header.name.split('/').filter((part) => part !== '' && part !== '.');
      if (name === undefined || !matches(name)) {
        entry.resume();
        continue;
      }
      const content = chosen.entry({ ...entry.header, name: [name, ...below].join('/') });
      for await (const chunk of entry) content.write(chunk);
      content.end(undefined);
    }
    chosen.finalize();
  })();
  copying.catch((error: Error) => chosen.destroy(error));
  const source = Readable.from(tar, { objectMode: false });
  source.on('error', (error) => entries.destroy(error));
  source.pipe(entries);
  yield* chosen as AsyncIterable<Uint8Array>;
  await copying;
}

const NAMED = 3;

function warnLeftOut(run: RunContext, attempt: Attempt, names: readonly string[]): void {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const shown = names.slice(0, NAMED).map((name) => JSON.stringify(name));
  run.note({
    type: 'run.warning',
    message: `Links and special files of ${attempt.name} were not copied: ${shown.join(', ')}${more}`,
  });
}
