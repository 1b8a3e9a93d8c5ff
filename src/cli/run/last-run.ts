/** How a run stands, as its journal and its lock tell. */
export type Standing = 'ended' | 'alive' | 'interrupted';

/** What to do about the last run of an experiment before a new one may start. */
export type Decision =
  /** A new run; what the last one left on the engine goes first. */
  | { readonly kind: 'new'; readonly clear: 'leftovers' | 'everything' | 'nothing' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'ask' }
  | { readonly kind: 'refuse'; readonly message: string; readonly fix: string };

/** What the command line says about it. */
export interface Wanted {
  readonly resume: boolean;
  readonly anew: boolean;
  readonly yes: boolean;
  /** Somebody can be asked. */
  readonly terminal: boolean;
}

/** The design's table: the last run's standing against what is wanted. */
export function decide(run: string, standing: Standing, wanted: Wanted): Decision {
  switch (standing) {
    case 'ended':
      return wanted.resume ? { kind: 'resume' } : { kind: 'new', clear: 'leftovers' };
    case 'alive':
      if (!wanted.resume) return { kind: 'new', clear: 'nothing' };
      return {
        kind: 'refuse',
        message: `run ${run} is still going on, so it can't be resumed`,
        fix: `See it with: combu attach ${run}; end it with: combu kill --run ${run}`,
      };
    case 'interrupted':
      if (wanted.resume) return { kind: 'resume' };
      if (wanted.anew) return { kind: 'new', clear: 'everything' };
      if (wanted.yes) return { kind: 'resume' };
      if (wanted.terminal) return { kind: 'ask' };
      return {
        kind: 'refuse',
        message: `the last run of this experiment, ${run}, was interrupted`,
        fix: 'Go on with it: combu run --resume; or kill what is left of it and start anew: combu run --new',
      };
  }
}

/** Names, fixed host ports and volumes that a run takes for itself alone. */
export interface Taken {
  readonly names: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}

/** What a new run would share with one that is still going on: one phrase each; empty = they may run side by side. */
export function shared(mine: Taken, theirs: Taken): readonly string[] {
  const both = (ours: readonly string[], others: readonly string[], what: string) => {
    const taken = new Set(others);
    const common = [...new Set(ours)].filter((one) => taken.has(one));
    if (common.length === 0) return [];
    const more = common.length > 3 ? ` and ${common.length - 3} more` : '';
    return [`${what} ${common.slice(0, 3).join(', ')}${more}`];
  };
  return [
    ...both(mine.names, theirs.names, 'the names'),
    ...both(mine.ports, theirs.ports, 'the host ports'),
    ...both(mine.volumes, theirs.volumes, 'the volumes'),
  ];
}
