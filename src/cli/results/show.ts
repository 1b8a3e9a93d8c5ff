import { once } from 'node:events';
import { Failure } from '../../model/failure.js';
import type { ResultObject, RunResults } from '../../results/run-results.js';
import { decode } from '../../store/codecs/decode.js';
import { formatSize } from '../../util/size.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import { findObject } from './find-object.js';
import { objectDocument } from './list.js';
import { type ResultsChoice, withResults } from './open.js';
import { shownObject } from './shown-object.js';

export interface ShowFlags extends ResultsChoice {
  readonly raw?: true;
  readonly json?: true;
  readonly latest?: true;
}

/** Larger objects are not read whole for a look at them. */
const LARGEST = 256 * 1024 * 1024;

/** `combu results show`: one object, as people can read it, or its bytes. */
export function show(context: CliContext, key: string, flags: ShowFlags): Promise<ExitCode> {
  return withResults(context, flags, async (results) => {
    const now = context.clock.now();
    const object = await findObject(results, key, { now, host: context.host, latest: flags.latest === true });
    if (flags.raw) {
      for await (const piece of await results.read(object)) {
        if (!context.stdout.write(piece)) await once(context.stdout, 'drain');
      }
      return EXIT.ok;
    }
    const bytes = await wholeOf(results, object);
    if (flags.json) {
      const value = jsonOf(object, bytes);
      const document = { schema: 'combu/result/v1', ...objectDocument(results, object), value };
      context.stdout.write(`${JSON.stringify(document)}\n`);
      return EXIT.ok;
    }
    context.stdout.write(shownObject(object.name, bytes));
    return EXIT.ok;
  });
}

async function wholeOf(results: RunResults, object: ResultObject): Promise<Buffer> {
  if (object.bytes > LARGEST) {
    throw new Failure(`${object.name} has ${formatSize(object.bytes)}, too much to be shown.`, {
      owner: 'user',
      fix: 'Take its bytes with --raw, or copy it with combu results pull.',
    });
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of await results.read(object)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What a JSON object says, as it is written; null for all else. */
function jsonOf({ name }: ResultObject, bytes: Buffer): unknown {
  const decoded = decode(bytes, 'json');
  return name.endsWith('.json') && decoded.ok ? JSON.parse(bytes.toString('utf8')) : null;
}
