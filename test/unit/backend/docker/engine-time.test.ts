import { expect, it } from 'vitest';
import { engineTime } from '../../../../src/backend/docker/engine-time.js';

it('writes a time as seconds and nanoseconds, none of them lost', () => {
  expect(engineTime('2026-11-21T15:18:16.225463635Z')).toBe('1795274296.225463635');
  expect(engineTime('2026-11-21T15:18:16.2254Z')).toBe('1795274296.225400000');
  expect(engineTime('2026-11-21T15:18:16Z')).toBe('1795274296.000000000');
  expect(engineTime('2026-11-21T16:18:16.5+01:00')).toBe('1795274296.500000000');
});

it('adds nanoseconds across the second', () => {
  expect(engineTime('2026-11-21T15:18:16.999999999Z', 1)).toBe('1795274297.000000000');
});
