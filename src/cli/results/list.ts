import { join } from 'node:path';
import { runPaths } from '../../journal/run-paths.js';
import { plural } from '../../report/text/amounts.js';
import { palette } from '../../report/text/palette.js';
import { renderTable } from '../../report/text/table.js';
import { formatDate } from '../../report/text/times.js';
import type { ResultObject, RunResults } from '../../results/run-results.js';
import { printableLine } from '../../util/printable.js';
import { formatSize } from '../../util/size.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags } from '../flags.js';
import { runDocument } from '../looking/documents.js';
import { shownPath } from '../looking/shown-path.js';
import { tableWidth, wantsColor } from '../terminal.js';
import { collectTrials, readObjects } from './collect.js';
import { type ResultsChoice, withResults } from './open.js';
import { listOthers } from './others.js';
import { tellUnnamed } from './unnamed.js';

export interface ListFlags extends ResultsChoice, Pick<DisplayFlags, 'color'> {
  readonly json?: true;
  readonly latest?: true;
  /** What is of no run in the store, or what the run's trials have put there by themselves. */
  readonly others?: true;
}

const COLUMNS = [
  { title: 'TRIAL' },
  { title: 'ATTEMPT', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'SAVED' },
  { title: 'FILE', flexible: true },
  { title: 'FUNCTION' },
  { title: 'CALL', align: 'right' },
  { title: 'STORE', flexible: true },
] as const;

/** `combu results ls`: everything that trials have saved, trial by trial. */
export function list(context: CliContext, words: readonly string[], flags: ListFlags): Promise<ExitCode> {
  if (flags.others) return listOthers(context, words, flags);
  return withResults(context, flags, async (results, declared) => {
    const now = context.clock.now();
    const { seen, trials } = await collectTrials(results, words, {
      now,
      host: context.host,
      latest: flags.latest === true,
    });
    const objects = await readObjects(results, trials);
    tellUnnamed(context, results);
    if (flags.json) {
      const files = objects.map((object) => objectDocument(results, object));
      const document = { schema: 'combu/result-files/v1', run: runDocument(seen), files };
      context.stdout.write(`${JSON.stringify(document)}\n`);
      return EXIT.ok;
    }
    const paint = palette(wantsColor(flags.color, context.env, context.stdout));
    const options = { width: tableWidth(context.stdout), paintTitle: paint.dim };
    context.stdout.write(`${renderTable(COLUMNS, objects.map(cells), options).join('\n')}\n`);
    const bytes = objects.reduce((sum, object) => sum + object.bytes, 0);
    const place = flags.store === undefined ? shownPath(context.cwd, seen.run.folder) : seen.run.folder;
    context.stderr.write(`${plural(objects.length, 'file')}, ${formatSize(bytes)}, in ${place}\n`);
    if ((await declared()).direct) {
      const others = flags.store === undefined ? '--others' : '--others --store s3://BUCKET';
      context.stderr.write(
        `What these trials have put into the store without combu/track, as with decotra: combu results ls ${others}\n`,
      );
    }
    return EXIT.ok;
  });
}

function cells(object: ResultObject): string[] {
  const { trial, attempt, bytes, time, name, metadata } = object;
  return [
    trial,
    String(attempt),
    formatSize(bytes),
    Number.isNaN(time) ? '' : formatDate(new Date(time).toISOString()),
    printableLine(name.replaceAll('\n', ' ')),
    printableLine(metadata?.function ?? ''),
    printableLine(metadata?.sequence ?? ''),
    printableLine(elsewhereOf(object) ?? ''),
  ];
}

/** An object in the JSON of `ls` and `show`. `path`: of its file on this machine; `store`: where it lies otherwise. */
export function objectDocument(results: RunResults, object: ResultObject) {
  const { trial, attempt, name, bytes, time, sha256, contentType, metadata, source } = object;
  return {
    trial,
    attempt,
    name,
    path:
      source.kind === 'folder'
        ? join(runPaths.attemptResults(results.run.place, trial, attempt), name)
        : null,
    bytes,
    time: Number.isNaN(time) ? null : new Date(time).toISOString(),
    contentType: contentType ?? null,
    sha256: sha256 ?? null,
    metadata: metadata ?? null,
    store: elsewhereOf(object) ?? null,
  };
}

/** Where it lies, where that is neither the run's folder nor the store that is being looked at. */
function elsewhereOf({ source }: ResultObject): string | undefined {
  if (source.kind !== 'elsewhere') return undefined;
  return source.place.kind === 'folder'
    ? join(source.place.folder, source.key)
    : `s3://${source.place.bucket}/${source.key}`;
}
