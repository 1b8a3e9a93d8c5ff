import type { Writable } from 'node:stream';
import type { RunEvent } from '../../model/event.js';
import type { RunState } from '../../model/run-state.js';
import { runNotice } from '../notable.js';
import type { Palette } from '../text/palette.js';
import { frameLines } from './frame.js';
import { Screen } from './screen.js';

/** Shows a run's state in a terminal's last lines; what must be read scrolls away above them. The owner folds and keeps the time. */
export class LiveDisplay {
  readonly #state: RunState;
  readonly #screen: Screen;
  readonly #palette: Palette;
  readonly #unicode: boolean;

  constructor(
    state: RunState,
    stream: Writable & { readonly columns?: number; readonly rows?: number },
    palette: Palette,
    unicode: boolean,
  ) {
    this.#state = state;
    this.#screen = new Screen(stream);
    this.#palette = palette;
    this.#unicode = unicode;
  }

  onEvent(event: RunEvent): void {
    // Whether the engine answers is in the frame while it matters.
    if (event.type === 'engine.lost' || event.type === 'engine.back') return;
    const notice = runNotice(event);
    if (notice !== undefined) this.#screen.print([this.#palette.warn(notice)]);
  }

  tick(now: number): void {
    if (this.#state.startedAt === '') return;
    const { columns, rows } = this.#screen;
    const view = { now, columns, rows, palette: this.#palette, unicode: this.#unicode };
    this.#screen.draw(frameLines(this.#state, view));
  }

  close(): void {
    this.#screen.clear();
  }
}
