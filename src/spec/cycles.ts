/** What a search for cycles needs of a trial. */
interface Dependent {
  readonly name: string;
  readonly depends: readonly { readonly trial: string }[];
}

/**
 * One shortest path per knot of trials that wait for each other, such as `['a', 'b', 'c', 'a']`, in the order of the
 * trials. A trial that depends on itself alone is not among them. Chains of 10,000 trials are no deeper than any other.
 */
export function findCycles(trials: readonly Dependent[]): string[][] {
  const index = new Map(trials.map((trial, position) => [trial.name, position]));
  const next = trials.map(({ name, depends }) =>
    depends.flatMap(({ trial }) => (trial !== name && index.has(trial) ? [index.get(trial)!] : [])),
  );
  const knot = knots(next);
  const seen = new Set<number>();
  const cycles: string[][] = [];
  knot.forEach((id, start) => {
    if (id === undefined || seen.has(id)) return;
    seen.add(id);
    cycles.push(shortestWayBack(start, next, knot).map((position) => trials[position]!.name));
  });
  return cycles;
}

/** For each trial the number of its knot; undefined for those that can be put in order: they and what they wait for end. */
function knots(next: readonly (readonly number[])[]): (number | undefined)[] {
  // Tarjan's algorithm with a stack of its own: a recursion would be as deep as the longest chain.
  const order: (number | undefined)[] = next.map(() => undefined);
  const low: number[] = next.map(() => 0);
  const open = new Set<number>();
  const path: number[] = [];
  const knot: (number | undefined)[] = next.map(() => undefined);
  let count = 0;
  for (let root = 0; root < next.length; root++) {
    if (order[root] !== undefined) continue;
    const work: { at: number; edge: number }[] = [{ at: root, edge: 0 }];
    while (work.length > 0) {
      const frame = work.at(-1)!;
      const { at } = frame;
      if (frame.edge === 0) {
        order[at] = low[at] = count++;
        path.push(at);
        open.add(at);
      }
      const target = next[at]![frame.edge++];
      if (target !== undefined) {
        if (order[target] === undefined) work.push({ at: target, edge: 0 });
        else if (open.has(target)) low[at] = Math.min(low[at]!, order[target]);
        continue;
      }
      work.pop();
      const above = work.at(-1);
      if (above !== undefined) low[above.at] = Math.min(low[above.at]!, low[at]!);
      if (low[at] !== order[at]) continue;
      const members = path.splice(path.lastIndexOf(at));
      for (const member of members) {
        open.delete(member);
        if (members.length > 1) knot[member] = at;
      }
    }
  }
  return knot;
}

/** Breadth first from a trial of a knot back to itself. */
function shortestWayBack(
  start: number,
  next: readonly (readonly number[])[],
  knot: readonly (number | undefined)[],
): number[] {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const at of queue) {
    for (const target of next[at]!) {
      if (knot[target] !== knot[start]) continue;
      if (target === start) {
        const way = [start];
        for (let back = at; back !== start; back = cameFrom.get(back)!) way.unshift(back);
        return [start, ...way];
      }
      if (!cameFrom.has(target)) {
        cameFrom.set(target, at);
        queue.push(target);
      }
    }
  }
  return [start];
}
