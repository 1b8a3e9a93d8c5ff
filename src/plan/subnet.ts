import { isIPv4 } from 'node:net';

/** First address and number of addresses of an IPv4 subnet such as `10.20.0.0/16`; undefined for anything else. */
function rangeOf(subnet: string): { first: number; size: number } | undefined {
  const [address = '', bits = ''] = subnet.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits)) return undefined;
  const size = 2 ** (32 - Number(bits));
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first: number - (number % size), size };
}

/** Whether two subnets share an address. */
export function subnetsOverlap(a: string, b: string): boolean {
  const one = rangeOf(a);
  const other = rangeOf(b);
  if (one === undefined || other === undefined) return false;
  return one.first < other.first + other.size && other.first < one.first + one.size;
}

/** Endpoints of a Linux bridge: it has 1,023 ports, of which some stay free for what others join. */
const BRIDGE_ENDPOINTS = 1000;

/** How many endpoints a bridge network can have: its own bound, or its subnet less network, broadcast and gateway. */
export function endpointsOf(subnet: string | undefined): number {
  const range = subnet === undefined ? undefined : rangeOf(subnet);
  return range === undefined ? BRIDGE_ENDPOINTS : Math.max(0, Math.min(BRIDGE_ENDPOINTS, range.size - 3));
}
