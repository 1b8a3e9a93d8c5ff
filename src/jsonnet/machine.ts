import { JsonnetError, placeOf, type Region, type StackLine } from './errors.js';

/** What a frame of the stack is for: a stretch of a program, and how a stack names it. */
export interface Site extends Region {
  /** Empty for what is not worth a line. */
  readonly label: string;
  /** A call marked so leaves no frame behind when it ends in another call. */
  readonly tailstrict: boolean;
}

/**
 * The Jsonnet stack of the evaluation under way. It counts as the reference does: one frame for each function body,
 * each put-off value and each field that is being evaluated, so that the limit does not depend on the JavaScript stack.
 *
 * It is module-wide because evaluation is synchronous and this is the hottest state there is; `isolated` keeps nested
 * evaluations (a native function that evaluates a program of its own) apart.
 */
export const stack = {
  depth: 0,
  limit: 500,
  sites: [] as Site[],
  /** The call of `std.trace` under way: native code knows no places otherwise. */
  traceSite: undefined as Region | undefined,
};

/** Takes a frame; whoever calls it gives it back with `stack.depth--`. After an error nobody does: that keeps the trace. */
export function enter(site: Site): void {
  const depth = stack.depth;
  if (depth >= stack.limit) throw stackExhausted().at(site);
  stack.sites[depth] = site;
  stack.depth = depth + 1;
}

function stackExhausted(): JsonnetError {
  return new JsonnetError(
    `max stack frames exceeded (${stack.limit}): endless recursion, or a value that is nested too deep or endless`,
  );
}

/** Runs `work` on a stack of its own; errors that leave it carry their place and stack. */
export function isolated<T>(limit: number, work: () => T): T {
  const { depth: outerDepth, limit: outerLimit, sites: outerSites } = stack;
  stack.depth = 0;
  stack.limit = limit;
  stack.sites = [];
  try {
    return work();
  } catch (error) {
    if (error instanceof JsonnetError) {
      if (error.kind === 'runtime') completeError(error);
      throw error;
    }
    if (!(error instanceof RangeError) || isStackOverflow(error)) throw error;
    // V8's limits on the length of a string, an array or a BigInt.
    const tooLarge = new JsonnetError(`a value is too large: ${error.message}`);
    completeError(tooLarge);
    throw tooLarge;
  } finally {
    stack.depth = outerDepth;
    stack.limit = outerLimit;
    stack.sites = outerSites;
  }
}

function completeError(error: JsonnetError): void {
  const lines: StackLine[] = [];
  for (let i = stack.depth - 1; i >= 0; i--) {
    const site = stack.sites[i]!;
    if (site.source.file === '') continue;
    error.at(site);
    if (site.label !== '') lines.push({ place: placeOf(site), what: site.label });
  }
  error.stackLines = lines;
}

/** Whether JavaScript's own stack has ended. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Maximum call stack size exceeded';
}
