import stringWidth from 'string-width';

/** Printable ASCII takes one column a character: nearly all text, and much cheaper to see than to measure. */
const ASCII = /^[\x20-\x7e]*$/;

/** Columns that a text without line ends takes on a terminal; colours take none, wide letters two. */
export function columnsOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The longest beginning of an uncoloured text that fits into `columns`, ending in `...` where something was cut. */
export function truncate(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const dots = columns > 6 ? '...' : '';
  const room = Math.max(0, columns - dots.length);
  if (ASCII.test(text)) return text.slice(0, room) + dots;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > room) break;
    kept += segment;
  }
  return kept + dots;
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - columnsOf(text))) + text;
}
