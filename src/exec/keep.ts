import type { Outcome } from '../model/event.js';
import type { Keep } from '../model/experiment.js';
import { isFailure } from './halt.js';

/** A fourth container that failed in the same way shows nothing new, and each costs disk. */
const MOST_OF_ONE_SIGNATURE = 3;

/** Whether the last attempt's container stays on the engine for a look. `alike`: how many of its signature stay already. */
export function staysForALook(keep: Keep, outcome: Outcome, alike: number): boolean {
  switch (keep) {
    case 'none':
      return false;
    case 'all':
      return outcome !== 'killed' && outcome !== 'stopped';
    case 'failed':
      return isFailure(outcome) && alike < MOST_OF_ONE_SIGNATURE;
  }
}
