/** A port of the host as it is bound or asked for. */
export interface HostPort {
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
}

/** `127.0.0.1:8080/tcp`, `[::1]:53/udp`. */
export function formatHostPort({ address, port, protocol }: HostPort): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`;
}

/** Whether two bindings of one port and protocol get in each other's way. */
export function addressesClash(a: string, b: string): boolean {
  return a === b || isAny(a) || isAny(b);
}

function isAny(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
