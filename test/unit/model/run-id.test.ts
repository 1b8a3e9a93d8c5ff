import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isRunId, newRunId } from '../../../src/model/run-id.js';

describe('a run id', () => {
  it('is 12 characters, the first a letter, and another each time', () => {
    const ids = Array.from({ length: 2000 }, () => newRunId(randomBytes));
    for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9]{11}$/);
    expect(new Set(ids).size).toBe(2000);
    // Every character occurs: 24,000 of them are drawn from 36.
    expect(new Set(ids.join('')).size).toBe(36);
  });

  it.each([
    ['abcdefghijkl', true],
    ['a12345678901', true],
    ['1bcdefghijkl', false],
    ['abcdefghijk', false],
    ['abcdefghijklm', false],
    ['Abcdefghijkl', false],
    ['abcdef-hijkl', false],
    ['abcdefghijkl\n', false],
  ])('%j is one: %s', (text, yes) => {
    expect(isRunId(text)).toBe(yes);
  });
});
