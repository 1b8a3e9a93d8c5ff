import type { Palette } from '../../report/text/palette.js';
import { type Cell, renderTable } from '../../report/text/table.js';
import { printableLine } from '../../util/printable.js';
import type { Scalar, TrialResults } from './collect.js';
import { flatten } from './collect.js';

/** A trial with what its result files hold, by file name without `.json`. */
export interface ReadTrial extends TrialResults {
  readonly files: ReadonlyMap<string, ReadonlyMap<string, Scalar>>;
}

/** One trial of the table: its params and what its result files say, by column. */
export interface ResultRow {
  readonly trial: string;
  readonly attempt: number | undefined;
  readonly state: string;
  readonly params: ReadonlyMap<string, Scalar>;
  readonly values: ReadonlyMap<string, Scalar>;
}

export interface ResultTable {
  /** In the order in which trials bring them up. */
  readonly params: readonly string[];
  readonly values: readonly string[];
  readonly rows: readonly ResultRow[];
}

/**
 * Puts trials side by side. A value's column is its path in its file (`accuracy`, `loss.final`); where files of different
 * names have the same path, all of these are told apart by file: `train.loss`, `test.loss`. Params keep the names they have.
 */
export function resultTable(trials: readonly ReadTrial[]): ResultTable {
  const filesOf = new Map<string, Set<string>>();
  for (const { files } of trials)
    for (const [file, scalars] of files)
      for (const path of scalars.keys()) filesOf.set(path, (filesOf.get(path) ?? new Set()).add(file));
  const column = (file: string, path: string): string => {
    if (path === '') return file;
    return filesOf.get(path)!.size > 1 ? `${file}.${path}` : path;
  };
  const rows = trials.map(({ trial, attempt, state, params, files }) => ({
    trial,
    attempt,
    state,
    params: flatten(params),
    values: new Map(
      [...files].flatMap(([file, scalars]) =>
        [...scalars].map(([path, value]): [string, Scalar] => [column(file, path), value]),
      ),
    ),
  }));
  const names = (of: 'params' | 'values') => [...new Set(rows.flatMap((row) => [...row[of].keys()]))];
  return { params: names('params'), values: names('values'), rows };
}

/** For people: numbers to six figures and to the right; a state only where it is not `succeeded`. */
export function tableLines(
  table: ResultTable,
  display: { readonly width: number | undefined; readonly palette: Palette },
): string[] {
  const { palette } = display;
  const columnOf = (of: 'params' | 'values') => (name: string) => {
    const numeric = table.rows.every((row) => typeof (row[of].get(name) ?? 0) === 'number');
    return { title: name, align: numeric ? 'right' : 'left', flexible: !numeric } as const;
  };
  const columns = [
    { title: 'TRIAL' },
    { title: 'STATE' },
    ...table.params.map(columnOf('params')),
    ...table.values.map(columnOf('values')),
  ];
  const rows = table.rows.map((row): (Cell | string)[] => [
    row.trial,
    row.state === 'succeeded' ? '' : { text: row.state, paint: palette.warn },
    ...table.params.map((name) => cellText(row.params.get(name))),
    ...table.values.map((name) => cellText(row.values.get(name))),
  ]);
  return renderTable(columns, rows, { width: display.width, paintTitle: palette.dim });
}

/** As spreadsheets and pandas read it (RFC 4180); numbers in full. */
export function csvText(table: ResultTable): string {
  const head = ['trial', 'attempt', 'state', ...table.params, ...table.values];
  const lines = table.rows.map((row) => [
    row.trial,
    row.attempt ?? null,
    row.state,
    ...table.params.map((name) => row.params.get(name) ?? null),
    ...table.values.map((name) => row.values.get(name) ?? null),
  ]);
  return [head, ...lines].map((line) => `${line.map(csvCell).join(',')}\r\n`).join('');
}

function cellText(value: Scalar | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  return printableLine(String(value).replaceAll('\n', ' '));
}

function csvCell(value: Scalar): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
