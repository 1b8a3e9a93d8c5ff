import { columnsOf, truncate } from './width.js';

/** Part of a line: a text, or a text and its colour. */
export type Span = string | { readonly text: string; readonly paint: (text: string) => string };

const textOf = (span: Span): string => (typeof span === 'string' ? span : span.text);

/** The spans as one line of at most `columns` columns; cut first, coloured then, so that no escape code is cut in two. */
export function fitLine(spans: readonly Span[], columns: number): string {
  let room = columns;
  let line = '';
  for (const span of spans) {
    const text = truncate(textOf(span), room);
    line += typeof span === 'string' || text === '' ? text : span.paint(text);
    room -= columnsOf(text);
    if (text !== textOf(span) || room <= 0) break;
  }
  return line;
}

/** Spans with `separator` between them, on as many lines as they need; none is cut unless it alone is too wide. */
export function flowLines(spans: readonly Span[], separator: string, columns: number): string[] {
  const lines: Span[][] = [];
  let used = 0;
  for (const span of spans) {
    const width = columnsOf(textOf(span));
    const line = lines.at(-1);
    if (line !== undefined && used + separator.length + width <= columns) {
      line.push(separator, span);
      used += separator.length + width;
    } else {
      lines.push([span]);
      used = width;
    }
  }
  return lines.map((line, index) =>
    fitLine(index < lines.length - 1 ? [...line, separator.trimEnd()] : line, columns),
  );
}
