import { Failure } from '../../model/failure.js';
import { plural } from '../../report/text/amounts.js';
import { palette } from '../../report/text/palette.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags } from '../flags.js';
import { runDocument } from '../looking/documents.js';
import { tableWidth, wantsColor } from '../terminal.js';
import { type CollectedRun, collectTrials, type ReadTrial, readTrials } from './collect.js';
import { csvText, markdownText, tableLines } from './formats.js';
import { type ResultsChoice, withResults } from './open.js';
import { type Column, columnCalled, type ResultRow, type ResultTable, resultTable } from './result-table.js';
import { sortRows } from './sort.js';
import { whereHolds } from './where.js';

export type TableFormat = 'table' | 'csv' | 'json' | 'markdown';

export interface TableFlags extends ResultsChoice, Pick<DisplayFlags, 'color'> {
  readonly format?: TableFormat;
  readonly json?: true;
  readonly csv?: true;
  readonly latest?: true;
  readonly where?: string;
  readonly sort: readonly string[];
  readonly columns: readonly string[];
}

/** `combu results table`: params beside results, one line a trial. */
export async function table(
  context: CliContext,
  words: readonly string[],
  flags: TableFlags,
): Promise<ExitCode> {
  const format = formatOf(flags);
  const { run, trials, table: all } = await readTable(context, words, flags);
  const notes: string[] = unreadNote(trials);
  let { rows } = all;
  if (flags.where !== undefined) {
    const candidates = trials.map(({ params }, index) => ({ params, row: all.rows[index]! }));
    const { chosen, notes: about } = whereHolds(flags.where, candidates);
    rows = chosen.map(({ row }) => row);
    notes.push(...about);
  }
  rows = sortRows({ columns: all.columns, rows }, flags.sort);
  switch (format) {
    case 'json':
      context.stdout.write(`${JSON.stringify(documentOf(run, trials, rows))}\n`);
      break;
    case 'csv':
      context.stdout.write(csvText({ rows, columns: chooseColumns(all, flags, ALL) }));
      break;
    case 'markdown':
      context.stdout.write(markdownText({ rows, columns: chooseColumns(all, flags, forPeople(rows)) }));
      break;
    case 'table': {
      const columns = chooseColumns(all, flags, forPeople(rows));
      const paint = palette(wantsColor(flags.color, context.env, context.stdout));
      const lines = tableLines({ columns, rows }, { width: tableWidth(context.stdout), palette: paint });
      context.stdout.write(`${lines.join('\n')}\n`);
    }
  }
  for (const note of notes) context.stderr.write(`${note}\n`);
  return EXIT.ok;
}

/** What `table` and `best` look at. */
export interface TableRead {
  readonly run: CollectedRun;
  readonly trials: readonly ReadTrial[];
  readonly table: ResultTable;
}

/** Reads the table of the trials that the words mean: a row for each of `trials`, in their order. */
export function readTable(
  context: CliContext,
  words: readonly string[],
  flags: ResultsChoice & { readonly latest?: true },
): Promise<TableRead> {
  return withResults(context, flags, async (results) => {
    const now = context.clock.now();
    const run = await collectTrials(results, words, {
      now,
      host: context.host,
      latest: flags.latest === true,
    });
    const trials = await readTrials(results, run.trials);
    return { run, trials, table: resultTable(trials) };
  });
}

/** A trial in JSON; numbers that JSON can't say as `"NaN"`, `"Infinity"`, `"-Infinity"`. */
export function rowDocument({ params }: Pick<ReadTrial, 'params'>, row: ResultRow) {
  return {
    trial: row.trial,
    attempt: row.attempt ?? null,
    state: row.state,
    duration: row.duration ?? null,
    params,
    values: Object.fromEntries(
      [...row.values].map(([name, value]) => [
        name,
        typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
      ]),
    ),
  };
}

function documentOf(run: CollectedRun, trials: readonly ReadTrial[], rows: readonly ResultRow[]) {
  const byName = new Map(trials.map((one) => [one.trial, one]));
  return {
    schema: 'combu/results/v1',
    run: runDocument(run.seen),
    trials: rows.map((row) => rowDocument(byName.get(row.trial)!, row)),
  };
}

function formatOf({ format, json, csv, columns }: TableFlags): TableFormat {
  const wanted = new Set<TableFormat>([
    ...(format === undefined ? [] : [format]),
    ...(json ? (['json'] as const) : []),
    ...(csv ? (['csv'] as const) : []),
  ]);
  if (wanted.size > 1) {
    throw new Failure(`It can be printed in one format only, not as ${[...wanted].join(' and ')}.`, {
      owner: 'user',
    });
  }
  const [chosen = 'table'] = wanted;
  if (chosen === 'json' && columns.length > 0)
    throw new Failure('--columns is for tables; JSON always has everything.', { owner: 'user' });
  return chosen;
}

function chooseColumns(
  table: ResultTable,
  { columns }: TableFlags,
  fallback: (column: Column) => boolean,
): readonly Column[] {
  if (columns.length === 0) return table.columns.filter(fallback);
  return columns.map((word) => columnCalled(table, word, '--columns'));
}

const ALL = () => true;

/** A state only where one is not `succeeded`; which attempt it was, nobody asks at first. */
function forPeople(rows: readonly ResultRow[]): (column: Column) => boolean {
  const allSucceeded = rows.every((row) => row.state === 'succeeded');
  return ({ kind, name }) => kind !== 'own' || (name !== 'attempt' && (name !== 'state' || !allSucceeded));
}

function unreadNote(trials: readonly ReadTrial[]): string[] {
  const unread = trials.flatMap(({ trial, attempt, values }) =>
    (values?.unread ?? []).map((name) => `${trial}/${attempt}/${name}`),
  );
  if (unread.length === 0) return [];
  const more = unread.length > 3 ? ` and ${unread.length - 3} more` : '';
  return [
    `${plural(unread.length, 'file')} left out, no JSON or too large for a table: ${unread.slice(0, 3).join(', ')}${more}`,
  ];
}
