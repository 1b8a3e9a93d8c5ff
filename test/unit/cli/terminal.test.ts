import { describe, expect, it } from 'vitest';
import { reporterKind, tableWidth, wantsColor, wantsUnicode } from '../../../src/cli/terminal.js';

const terminal = { isTTY: true, columns: 100 };
const pipe = {};

describe('colour', () => {
  it('is for terminals that can', () => {
    expect(wantsColor('auto', { TERM: 'xterm' }, terminal)).toBe(true);
    expect(wantsColor('auto', { TERM: 'xterm' }, pipe)).toBe(false);
    expect(wantsColor('auto', { TERM: 'dumb' }, terminal)).toBe(false);
  });

  it('is turned off by NO_COLOR unless that is empty', () => {
    expect(wantsColor('auto', { NO_COLOR: '1' }, terminal)).toBe(false);
    expect(wantsColor('auto', { NO_COLOR: '' }, terminal)).toBe(true);
  });

  it('is what the flag says before all else', () => {
    expect(wantsColor('always', { NO_COLOR: '1' }, pipe)).toBe(true);
    expect(wantsColor('never', {}, terminal)).toBe(false);
  });
});

describe('progress', () => {
  it('is live on a terminal, plain lines elsewhere', () => {
    expect(reporterKind('auto', {}, terminal)).toBe('tty');
    expect(reporterKind('auto', { TERM: 'dumb' }, terminal)).toBe('plain');
    expect(reporterKind('auto', {}, pipe)).toBe('plain');
    expect(reporterKind('json', {}, terminal)).toBe('json');
  });
});

describe('the terminal', () => {
  it('shows letters beyond ASCII where its locale says so', () => {
    expect(wantsUnicode({ LANG: 'de_DE.UTF-8' })).toBe(true);
    expect(wantsUnicode({ LANG: 'de_DE.UTF-8', LC_ALL: 'C' })).toBe(false);
    expect(wantsUnicode({})).toBe(false);
  });

  it('bounds tables, a pipe does not', () => {
    expect(tableWidth(terminal)).toBe(100);
    expect(tableWidth({ columns: 80 })).toBeUndefined();
  });
});
