import { columnsOf, padEnd, padStart, truncate } from './width.js';

export interface Column {
  readonly title: string;
  /** Numbers align right. */
  readonly align?: 'left' | 'right';
  /** Gives way when the table is wider than the terminal; of several such, the last first. */
  readonly flexible?: boolean;
}

/** A cell's text, and how to colour it once it has been cut and padded. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

const GAP = '  ';
const NARROWEST = 10;

/**
 * Lines of an aligned table, its titles first; two spaces between columns, none at line ends. `width`: the terminal's
 * columns, or undefined to cut nothing (a file, a pipe). Columns that are empty in every row are left out.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  options: { readonly width: number | undefined; readonly paintTitle?: (text: string) => string },
): string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)));
  const used = columns
    .map((column, index) => ({ column, index }))
    .filter(({ index }) => rows.length === 0 || cells.some((row) => (row[index]?.text ?? '') !== ''));
  const widths = used.map(({ column, index }) =>
    cells.reduce((most, row) => Math.max(most, columnsOf(row[index]?.text ?? '')), columnsOf(column.title)),
  );
  if (options.width !== undefined) {
    let excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - options.width;
    for (const [position, { column }] of [...used.entries()].reverse()) {
      const width = widths[position]!;
      if (excess <= 0 || column.flexible !== true || width <= NARROWEST) continue;
      widths[position] = Math.max(NARROWEST, width - excess);
      excess -= width - widths[position];
    }
  }
  const line = (cellOf: (index: number) => Cell): string =>
    used
      .map(({ column, index }, position) => {
        const cell = cellOf(index);
        const width = widths[position]!;
        const text = truncate(cell.text, width);
        const last = position === used.length - 1;
        const padded = column.align === 'right' ? padStart(text, width) : last ? text : padEnd(text, width);
        return cell.paint === undefined ? padded : cell.paint(padded);
      })
      .join(GAP)
      .trimEnd();
  const paintTitle = options.paintTitle;
  return [
    line((index) => {
      const text = columns[index]!.title;
      return paintTitle === undefined ? { text } : { text, paint: paintTitle };
    }),
    ...cells.map((row) => line((index) => row[index] ?? { text: '' })),
  ];
}
