import pc from 'picocolors';
import type { RunStanding, ShownState } from '../standing.js';

type Paint = (text: string) => string;

/** The colours of everything that combu shows; without colour every one of them is the text itself. */
export interface Palette {
  readonly color: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly live: Paint;
  /** The colour of a trial's state. */
  readonly state: (state: ShownState) => Paint;
  /** The colour of how a run stands. */
  readonly standing: (standing: RunStanding) => Paint;
  /** A colour for the nth of several things side by side, such as the names before log lines. */
  readonly nth: (n: number) => Paint;
}

export function palette(color: boolean): Palette {
  const c = pc.createColors(color);
  const series: readonly Paint[] = [c.cyan, c.yellow, c.green, c.magenta, c.blue];
  const state = (shown: ShownState): Paint => {
    switch (shown) {
      case 'succeeded':
        return c.green;
      case 'failed':
      case 'oom':
      case 'timeout':
      case 'lost':
        return c.red;
      case 'killed':
      case 'unknown':
        return c.yellow;
      case 'starting':
      case 'running':
        return c.cyan;
      case 'pending':
      case 'ready':
      case 'skipped':
      case 'stopped':
        return c.dim;
    }
  };
  const standing = (of: RunStanding): Paint => {
    switch (of) {
      case 'running':
        return c.cyan;
      case 'succeeded':
        return c.green;
      case 'failed':
      case 'halted':
        return c.red;
      case 'killed':
      case 'interrupted':
      case 'elsewhere':
        return c.yellow;
    }
  };
  return {
    color,
    bold: c.bold,
    dim: c.dim,
    good: c.green,
    bad: c.red,
    warn: c.yellow,
    live: c.cyan,
    state,
    standing,
    nth: (n) => series[n % series.length]!,
  };
}
