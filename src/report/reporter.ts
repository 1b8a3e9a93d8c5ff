import type { Writable } from 'node:stream';
import type { RunEvent } from '../model/event.js';
import { fold, newRunState, type RunState } from '../model/run-state.js';
import type { Clock } from '../util/clock.js';
import { LiveDisplay } from './live/display.js';
import { PlainLines } from './plain.js';
import { summaryLines } from './summary.js';
import { palette } from './text/palette.js';

export type ReporterKind = 'tty' | 'plain' | 'json' | 'quiet';

/** Shows a run while it happens. It owns the stream between the first event and `finish`. */
export interface Reporter {
  onEvent(event: RunEvent): void;
  /**
   * Stops showing and leaves the terminal to others; prints the summary if the run has ended. May be called twice; must be
   * called whatever happens, or the display's timer goes on.
   */
  finish(): void;
}

/** A terminal, or anything else that takes text. Its size is read anew for every frame. */
export type ReportStream = Writable & { readonly columns?: number; readonly rows?: number };

export interface ReporterOptions {
  readonly clock: Clock;
  readonly color: boolean;
  /** The terminal shows letters beyond ASCII; without it bars are drawn with `#`. */
  readonly unicode: boolean;
  /** The run's folder as people would type it. */
  readonly folder: string;
  /** How combu is called for this experiment: `combu`, or `combu -f other.jsonnet`. */
  readonly command: string;
  /** What is known of the run already (attach, resume); the reporter folds on in it, so it must be nobody else's. */
  readonly state?: RunState;
}

/** How one kind shows the state that the reporter folds. */
interface View {
  onEvent(event: RunEvent): void;
  tick(now: number): void;
  close(): void;
}

/** Milliseconds between frames: five a second look alive. */
const FRAME = 200;
/** A frame of 10,000 trials takes 10 ms to work out, so one a second for so many. */
const MANY_TRIALS = 2000;
const FRAME_OF_MANY = 1000;
/** Milliseconds between looks whether a line of counts is due. */
const PLAIN_TICK = 1000;

/** One reporter of the kind asked for; it prints to `stream` and nowhere else. */
export function createReporter(kind: ReporterKind, stream: ReportStream, options: ReporterOptions): Reporter {
  const state = options.state ?? newRunState();
  const paint = palette(options.color);
  const print = (lines: readonly string[]) => {
    if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
  };
  switch (kind) {
    case 'json':
      return {
        onEvent: (event) => void stream.write(`${JSON.stringify({ schema: 'combu/event/v1', ...event })}\n`),
        finish: () => {},
      };
    case 'quiet':
      return foldingReporter(SILENT, () => PLAIN_TICK);
    case 'plain': {
      const lines = new PlainLines(state, options.clock.now());
      const view = {
        onEvent: (event: RunEvent) => print(lines.onEvent(event)),
        tick: (now: number) => print(lines.tick(now)),
        close: () => {},
      };
      return foldingReporter(view, () => PLAIN_TICK);
    }
    case 'tty':
      return foldingReporter(new LiveDisplay(state, stream, paint, options.unicode), () =>
        state.trials.size > MANY_TRIALS ? FRAME_OF_MANY : FRAME,
      );
  }

  function foldingReporter(view: View, pause: () => number): Reporter {
    const tick = () => view.tick(options.clock.now());
    const stop = every(options.clock, pause, tick);
    let finished = false;
    // A run that is continued still has its former end until its first event.
    let formerEnd = state.outcome !== null;
    return {
      onEvent(event) {
        if (finished) return;
        formerEnd = false;
        fold(state, event);
        view.onEvent(event);
      },
      finish() {
        if (finished) return;
        finished = true;
        stop();
        view.close();
        if (state.outcome === null || formerEnd || (kind === 'quiet' && state.outcome === 'succeeded'))
          return;
        const at = { folder: options.folder, command: options.command, palette: paint };
        print(summaryLines(state, state.outcome, options.clock.now(), at));
      },
    };
  }
}

const SILENT: View = { onEvent: () => {}, tick: () => {}, close: () => {} };

/** Calls `action` again and again, `pause()` milliseconds apart, until the returned function is called. */
function every(clock: Clock, pause: () => number, action: () => void): () => void {
  const stop = new AbortController();
  const loop = async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(pause(), stop.signal);
      if (!stop.signal.aborted) action();
    }
  };
  void loop();
  return () => stop.abort();
}
