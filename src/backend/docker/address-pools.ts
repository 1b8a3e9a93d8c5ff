/** The address pools from which an engine takes the subnets of new networks: `base` cut into pieces of `size` bits. */
export interface AddressPool {
  readonly base: string;
  readonly size: number;
}

/** Where the engine's settings name none: 15 networks of /16, then 16 of /20. */
export const DEFAULT_POOLS: readonly AddressPool[] = [
  ...Array.from({ length: 15 }, (_, number) => ({ base: `172.${17 + number}.0.0/16`, size: 16 })),
  { base: '192.168.0.0/16', size: 20 },
];

/** How many networks the pools hold in all, and how many subnets of them overlap with nothing that is taken. */
export function countNetworks(
  pools: readonly AddressPool[],
  taken: readonly string[],
): { readonly total: number; readonly free: number } {
  const ranges = taken.map(rangeOf).filter((range) => range !== undefined);
  let total = 0;
  let free = 0;
  for (const { base, size } of pools) {
    const pool = rangeOf(base);
    if (pool === undefined || size > 32) continue;
    const piece = 2 ** (32 - size);
    const pieces = Math.floor((pool.end - pool.start) / piece);
    const used = new Set<number>();
    for (const range of ranges) {
      const first = Math.max(0, Math.floor((range.start - pool.start) / piece));
      const end = Math.min(pieces, Math.ceil((range.end - pool.start) / piece));
      for (let index = first; index < end; index++) used.add(index);
    }
    total += pieces;
    free += pieces - used.size;
  }
  return { total, free };
}

/** The IPv4 addresses of a subnet such as 172.17.0.0/16, the end exclusive; undefined for IPv6. */
function rangeOf(subnet: string): { start: number; end: number } | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(subnet);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 32] = match.slice(1).map(Number);
  const length = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const start = Math.floor(address / length) * length;
  return { start, end: start + length };
}
