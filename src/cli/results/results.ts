import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runPaths } from '../../journal/run-paths.js';
import { Failure } from '../../model/failure.js';
import { plural } from '../../report/text/amounts.js';
import { palette } from '../../report/text/palette.js';
import { renderTable } from '../../report/text/table.js';
import { formatSize } from '../../util/size.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags } from '../flags.js';
import { chooseTrials } from '../looking/choose-trials.js';
import { runDocument } from '../looking/documents.js';
import { chooseRun, type RunChoice, seeRun } from '../looking/run-choice.js';
import { shownPath } from '../looking/shown-path.js';
import { tableWidth, wantsColor } from '../terminal.js';
import { collectTrials, listFiles, readScalars, type TrialResults } from './collect.js';
import { csvText, type ReadTrial, resultTable, tableLines } from './result-table.js';

export interface ResultsFlags extends RunChoice, Pick<DisplayFlags, 'color'> {
  readonly json?: true;
}

export interface TableFlags extends ResultsFlags {
  readonly csv?: true;
}

export interface PullFlags extends RunChoice {
  readonly output: string;
}

/** `combu results table`: params beside results, one line a trial. */
export async function table(
  context: CliContext,
  words: readonly string[],
  flags: TableFlags,
): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  const trials = choose(words, await collectTrials(run));
  const unread: string[] = [];
  const read: ReadTrial[] = [];
  for (const one of trials) {
    const found = one.attempt === undefined ? undefined : await readScalars(run, one.trial, one.attempt);
    unread.push(...(found?.unread ?? []));
    read.push({ ...one, files: found?.files ?? new Map() });
  }
  const results = resultTable(read);
  if (flags.json) {
    const document = {
      schema: 'combu/results/v1',
      run: runDocument(await seeRun(run)),
      trials: results.rows.map((row, index) => ({
        trial: row.trial,
        attempt: row.attempt ?? null,
        state: row.state,
        params: read[index]!.params,
        values: Object.fromEntries(row.values),
      })),
    };
    context.stdout.write(`${JSON.stringify(document)}\n`);
  } else if (flags.csv) {
    context.stdout.write(csvText(results));
  } else {
    const paint = palette(wantsColor(flags.color, context.env, context.stdout));
    const lines = tableLines(results, { width: tableWidth(context.stdout), palette: paint });
    context.stdout.write(`${lines.join('\n')}\n`);
  }
  if (unread.length > 0) {
    const more = unread.length > 3 ? ` and ${unread.length - 3} more` : '';
    context.stderr.write(
      `${plural(unread.length, 'file')} left out, no JSON or too large for a table: ${unread.slice(0, 3).join(', ')}${more}\n`,
    );
  }
  return EXIT.ok;
}

/** `combu results ls`: the files that count, those of each trial's latest success. */
export async function list(
  context: CliContext,
  words: readonly string[],
  flags: ResultsFlags,
): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  const found = [];
  for (const { trial, attempt } of choose(words, await collectTrials(run))) {
    if (attempt === undefined) continue;
    for (const file of await listFiles(run, trial, attempt)) found.push({ trial, attempt, ...file });
  }
  if (flags.json) {
    const document = { schema: 'combu/result-files/v1', run: runDocument(await seeRun(run)), files: found };
    context.stdout.write(`${JSON.stringify(document)}\n`);
    return EXIT.ok;
  }
  const paint = palette(wantsColor(flags.color, context.env, context.stdout));
  const columns = [
    { title: 'TRIAL' },
    { title: 'ATTEMPT', align: 'right' },
    { title: 'SIZE', align: 'right' },
    { title: 'FILE', flexible: true },
  ] as const;
  const rows = found.map((file) => [file.trial, String(file.attempt), formatSize(file.bytes), file.name]);
  const lines = renderTable(columns, rows, { width: tableWidth(context.stdout), paintTitle: paint.dim });
  context.stdout.write(`${lines.join('\n')}\n`);
  context.stderr.write(`in ${shownPath(context.cwd, runPaths.results(run.folder))}\n`);
  return EXIT.ok;
}

/** `combu results pull`: copies each trial's latest success to `FOLDER/<trial>/`; never overwrites. */
export async function pull(
  context: CliContext,
  words: readonly string[],
  flags: PullFlags,
): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  const target = resolve(context.cwd, flags.output);
  let trials = 0;
  let files = 0;
  for (const { trial, attempt } of choose(words, await collectTrials(run))) {
    if (attempt === undefined) continue;
    const found = await listFiles(run, trial, attempt);
    if (found.length === 0) continue;
    for (const file of found) await copy(file.path, join(target, trial, file.name));
    trials += 1;
    files += found.length;
  }
  context.stderr.write(`${plural(files, 'file')} of ${plural(trials, 'trial')} copied to ${flags.output}\n`);
  return EXIT.ok;
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(join(to, '..'), { recursive: true });
  try {
    await cp(from, to, { errorOnExist: true, force: false, preserveTimestamps: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_FS_CP_EEXIST')) throw error;
    throw new Failure(`${to} is there already, so nothing was written over it.`, {
      owner: 'user',
      fix: 'Name a new folder: combu results pull -o FOLDER',
    });
  }
}

function choose(words: readonly string[], trials: readonly TrialResults[]): TrialResults[] {
  const names = new Set(
    chooseTrials(
      words,
      trials.map((one) => one.trial),
    ),
  );
  return trials.filter((one) => names.has(one.trial));
}
