import { Writable } from 'node:stream';

/**
 * A terminal's screen, as far as combu's displays use it: text, line ends, carriage returns, cursor up, erasing to the end of
 * the line and of the screen; lines that are too long wrap. Everything that ever scrolled by stays in `lines`.
 */
export class FakeTerminal extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  lines: string[] = [''];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    super({ decodeStrings: false });
    this.columns = columns;
    this.rows = rows;
  }

  /** What the screen shows now, without trailing blanks. */
  get screen(): string[] {
    return this.lines.slice(-this.rows).map((line) => line.trimEnd());
  }

  /** Made narrower or wider: lines that are too long now wrap, and the cursor stays in the last one. */
  resize(columns: number): void {
    this.columns = columns;
    this.lines = this.lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']);
    this.#row = this.lines.length - 1;
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    // Order: escape sequences, then single characters.
    for (const [token] of chunk.matchAll(/\x1b\[(\??)([0-9;]*)([A-Za-z])|[\s\S]/g)) this.#put(token);
    done();
  }

  #put(token: string): void {
    if (token === '\n') this.#newLine();
    else if (token === '\r') this.#column = 0;
    else if (token.startsWith('\x1b[')) this.#control(token);
    else {
      if (this.#column === this.columns) this.#newLine();
      const line = this.lines[this.#row]!.padEnd(this.#column);
      this.lines[this.#row] = line.slice(0, this.#column) + token + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }

  #newLine(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.lines.length) this.lines.push('');
  }

  #control(sequence: string): void {
    const n = Number(sequence.slice(2, -1)) || 0;
    switch (sequence.at(-1)) {
      case 'A': {
        const top = Math.max(0, this.lines.length - this.rows);
        this.#row = Math.max(top, this.#row - n);
        return;
      }
      case 'K':
        this.lines[this.#row] = this.lines[this.#row]!.slice(0, this.#column);
        return;
      case 'J':
        this.lines[this.#row] = this.lines[this.#row]!.slice(0, this.#column);
        this.lines.length = this.#row + 1;
        return;
      case 'm':
      case 'h':
      case 'l':
        return;
      default:
        throw new Error(`this terminal does not know ${JSON.stringify(sequence)}`);
    }
  }
}
