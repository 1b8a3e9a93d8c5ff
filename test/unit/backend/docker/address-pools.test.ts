import { describe, expect, it } from 'vitest';
import { countNetworks, DEFAULT_POOLS } from '../../../../src/backend/docker/address-pools.js';

describe('the address pools', () => {
  it('hold 31 networks by default', () => {
    expect(countNetworks(DEFAULT_POOLS, [])).toEqual({ total: 31, free: 31 });
  });

  it('lose what any taken subnet overlaps', () => {
    // docker0; two pieces of /20 by one /19; an address within a third; something outside the pools; IPv6.
    const taken = ['172.17.0.0/16', '192.168.32.0/19', '192.168.0.7/24', '10.0.0.0/8', 'fd00::/64', ''];
    expect(countNetworks(DEFAULT_POOLS, taken)).toEqual({ total: 31, free: 31 - 1 - 2 - 1 });
  });

  it('count a subnet once, however many take it', () => {
    expect(countNetworks(DEFAULT_POOLS, ['172.18.0.0/16', '172.18.0.1/16', '172.18.4.0/24']).free).toBe(30);
  });

  it('are all gone under a subnet that holds them', () => {
    expect(countNetworks([{ base: '10.200.0.0/16', size: 24 }], ['10.0.0.0/8'])).toEqual({
      total: 256,
      free: 0,
    });
  });

  it('count those of the engine’s settings', () => {
    expect(countNetworks([{ base: '10.0.0.0/8', size: 24 }], ['10.0.3.0/24']).free).toBe(65_535);
  });
});
