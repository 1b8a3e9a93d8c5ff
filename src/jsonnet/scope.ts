/** What takes a frame of its own when it is evaluated. */
export type FrameKind = 'file' | 'function' | 'object' | 'loop';

/** A frame as the compiler sees it: who is around it, and how many slots it needs so far ([0] is the frame around). */
export class FrameLayout {
  size: number;

  constructor(
    readonly kind: FrameKind,
    readonly around: FrameLayout | undefined,
  ) {
    this.size = kind === 'object' ? 3 : 1;
  }

  /** A new slot. */
  slot(): number {
    return this.size++;
  }

  /** How many frames out the nearest object's is, or -1. */
  hopsToObject(): number {
    let hops = 0;
    for (let layout: FrameLayout | undefined = this; layout; layout = layout.around) {
      if (layout.kind === 'object') return hops;
      hops++;
    }
    return -1;
  }

  /** How many frames out the outermost object's is, or -1: what `$` means. */
  hopsToOutermostObject(): number {
    let hops = 0;
    let found = -1;
    for (let layout: FrameLayout | undefined = this; layout; layout = layout.around) {
      if (layout.kind === 'object') found = hops;
      hops++;
    }
    return found;
  }
}

/** Where a variable is: `hops` frames out, in `slot`. */
export interface Address {
  readonly hops: number;
  readonly slot: number;
  /** It is the file's own `std`, not one that the program defines. */
  readonly standard: boolean;
}

/** The variables that an expression sees. */
export class Scope {
  readonly #slots = new Map<string, number>();

  constructor(
    readonly layout: FrameLayout,
    readonly outer: Scope | undefined,
  ) {}

  /** Defines a variable in this scope's frame. */
  define(name: string): number {
    const slot = this.layout.slot();
    this.#slots.set(name, slot);
    return slot;
  }

  find(name: string): Address | undefined {
    let hops = 0;
    for (let scope: Scope = this; ; ) {
      const slot = scope.#slots.get(name);
      if (slot !== undefined) return { hops, slot, standard: scope.outer === undefined };
      const { outer } = scope;
      if (!outer) return undefined;
      if (outer.layout !== scope.layout) hops++;
      scope = outer;
    }
  }

  /** Every name in sight. */
  *names(): Generator<string> {
    for (let scope: Scope | undefined = this; scope; scope = scope.outer) yield* scope.#slots.keys();
  }
}
