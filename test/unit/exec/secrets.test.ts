import { expect, it } from 'vitest';
import { secretMask } from '../../../src/exec/secrets.js';

it('masks each line of a secret of several lines, for messages quote one line', () => {
  const key = '-----BEGIN KEY-----\r\nMIIEvQIBADANBgkq\r\n}\r\n-----END KEY-----\r\n';
  const mask = secretMask({ SIGNING: key }, []);
  expect(mask('bad key: MIIEvQIBADANBgkq')).toBe('bad key: ***');
  expect(mask('-----END KEY-----')).toBe('***');
  expect(mask('{ a: 1 }')).toBe('{ a: 1 }');
});

it('masks the longer one of two of which one holds the other, and nothing as short as a digit', () => {
  const mask = secretMask({ LONG: 'zebra-crossing', PART: 'zebra', SHORT: '7' }, []);
  expect(mask('zebra-crossing 7 zebra')).toBe('*** 7 ***');
});
