import { describe, expect, it } from 'vitest';
import { formatSize, parseSize } from '../../../src/util/size.js';

describe('parseSize', () => {
  it.each([
    ['512m', 536_870_912],
    ['8g', 8_589_934_592],
    ['8Gi', 8_589_934_592],
    ['8GB', 8_589_934_592],
    ['8 GiB', 8_589_934_592],
    ['1.5G', 1_610_612_736],
    ['2t', 2_199_023_255_552],
    ['64k', 65_536],
    ['100b', 100],
    ['100', 100],
    [' 100 ', 100],
    [0, 0],
    [4096, 4096],
  ])('reads %j', (written, bytes) => {
    expect(parseSize(written)).toBe(bytes);
  });

  it.each(['', 'm', '8x', '8ii', '-1g', '1e3', '8 g b', '1,5g', '99999999t', -1, 0.5, Number.NaN])(
    'knows no size %j',
    (written) => {
      expect(parseSize(written)).toBeUndefined();
    },
  );
});

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1_610_612_736, '1.5 GiB'],
  [1_073_741_823, '1 GiB'],
  [8_191_000_000_000, '7.4 TiB'],
])('%d bytes are shown as %s', (bytes, shown) => {
  expect(formatSize(bytes)).toBe(shown);
});
