import { describe, expect, it } from 'vitest';
import { formatCount, formatCpus, plural } from '../../../../src/report/text/amounts.js';
import { fitLine, flowLines } from '../../../../src/report/text/line.js';
import { between, formatAge, formatEstimate } from '../../../../src/report/text/times.js';
import { columnsOf, padEnd, truncate } from '../../../../src/report/text/width.js';

const S = 1000;
const M = 60 * S;
const H = 60 * M;

describe('durations', () => {
  it('are told in their two largest units', () => {
    const told = [0, 449, 9_999, 10_000, 59_999, M, 3 * M + 7 * S, H - 1, 2 * H + 5 * M, 76 * H].map(
      formatAge,
    );
    expect(told).toEqual([
      '0.0s',
      '0.4s',
      '9.9s',
      '10s',
      '59s',
      '1m00s',
      '3m07s',
      '59m59s',
      '2h05m',
      '3d04h',
    ]);
  });

  it('are estimated no finer than they can be', () => {
    const told = [3 * S, 31 * S, 61 * S, 59 * M, 61 * M, 2 * H, 30 * H].map(formatEstimate);
    expect(told).toEqual([
      'a few seconds',
      'about 40s',
      'about 2m',
      'about 59m',
      'about 1h10m',
      'about 2h',
      'about 2d',
    ]);
  });

  it('are never negative: the engine can say that a container ended before it started', () => {
    expect(between('2026-11-21T14:00:05Z', '2026-11-21T14:00:01.5Z')).toBe(0);
    expect(between('2026-11-21T14:00:01.123456789Z', '2026-11-21T14:00:02.123456789Z')).toBe(1000);
    expect(between(null, 5)).toBeUndefined();
  });
});

describe('amounts', () => {
  it('of many have their thousands apart', () => {
    expect([7, 1000, 10_000, 1_234_567].map(formatCount)).toEqual(['7', '1,000', '10,000', '1,234,567']);
    expect(plural(1, 'trial')).toBe('1 trial');
    expect(plural(1200, 'trial')).toBe('1,200 trials');
    expect([8, 7.5, 0.25].map(formatCpus)).toEqual(['8', '7.5', '0.25']);
  });
});

describe('width', () => {
  it('counts wide letters twice and joined ones once', () => {
    expect(columnsOf('大きい')).toBe(6);
    expect(columnsOf('e\u0301te\u0301')).toBe(3);
    expect(columnsOf('\x1b[31mred\x1b[39m')).toBe(3);
  });

  it('cuts without splitting a letter', () => {
    expect(truncate('abcdefghij', 10)).toBe('abcdefghij');
    expect(truncate('abcdefghijk', 10)).toBe('abcdefg...');
    expect(truncate('大きい大きい', 10)).toBe('大きい...');
    expect(columnsOf(truncate('👩‍👩‍👧‍👦'.repeat(9), 9))).toBeLessThanOrEqual(9);
    expect(padEnd('大', 4)).toBe('大  ');
  });

  it('fits a coloured line without cutting its codes', () => {
    const red = (text: string) => `\x1b[31m${text}\x1b[39m`;
    expect(fitLine(['ab ', { text: 'cdefghij', paint: red }, 'never'], 10)).toBe(`ab ${red('cdef...')}`);
  });

  it('flows what does not fit to the next line', () => {
    expect(flowLines(['380 succeeded', '32 failed', '8 running'], ', ', 27)).toEqual([
      '380 succeeded, 32 failed,',
      '8 running',
    ]);
  });
});
