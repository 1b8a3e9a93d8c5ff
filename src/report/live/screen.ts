import type { Writable } from 'node:stream';
import { columnsOf } from '../text/width.js';

const CSI = '\x1b[';
/** Terminals that know it show a frame whole; others ignore it. */
const BEGIN_UPDATE = `${CSI}?2026h`;
const END_UPDATE = `${CSI}?2026l`;
const ERASE_LINE_END = `${CSI}K`;
const ERASE_BELOW = `${CSI}J`;

/** Of a terminal that does not tell its size. */
export const DEFAULT_COLUMNS = 80;
export const DEFAULT_ROWS = 24;

/**
 * The last lines of a terminal, overwritten again and again; what is printed scrolls away above them. The cursor rests below
 * the last line and is never hidden, so nothing has to be restored if the process dies. Lines must fit the terminal.
 */
export class Screen {
  readonly #stream: Writable & { readonly columns?: number; readonly rows?: number };
  #shown: readonly string[] = [];
  #shownColumns = 0;

  constructor(stream: Writable & { readonly columns?: number; readonly rows?: number }) {
    this.#stream = stream;
  }

  get columns(): number {
    return this.#stream.columns || DEFAULT_COLUMNS;
  }

  get rows(): number {
    return this.#stream.rows || DEFAULT_ROWS;
  }

  /** Overwrites the lines shown before; writes nothing where nothing has changed. */
  draw(lines: readonly string[]): void {
    const same =
      this.#shownColumns === this.columns &&
      lines.length === this.#shown.length &&
      lines.every((line, index) => line === this.#shown[index]);
    if (same) return;
    const text = lines.map((line) => `${line}${ERASE_LINE_END}\n`).join('');
    this.#stream.write(`${BEGIN_UPDATE}${this.#toTop()}${text}${ERASE_BELOW}${END_UPDATE}`);
    this.#shown = lines;
    this.#shownColumns = this.columns;
  }

  /** Prints lines that stay, and the frame again below them. */
  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const text = [...lines, ...this.#shown].map((line) => `${line}${ERASE_LINE_END}\n`).join('');
    this.#stream.write(`${BEGIN_UPDATE}${this.#toTop()}${text}${ERASE_BELOW}${END_UPDATE}`);
  }

  /** Takes the frame away. */
  clear(): void {
    if (this.#shown.length > 0) this.#stream.write(`${this.#toTop()}${ERASE_BELOW}`);
    this.#shown = [];
  }

  /** To the beginning of the frame. A terminal made narrower has wrapped its lines, so they take more rows than they were. */
  #toTop(): string {
    const rows = this.#shown.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / this.columns)),
      0,
    );
    const up = Math.min(rows, this.rows - 1);
    return up === 0 ? '\r' : `\r${CSI}${up}A`;
  }
}
