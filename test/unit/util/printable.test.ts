import { describe, expect, it } from 'vitest';
import { printableLine } from '../../../src/util/printable.js';

describe('printableLine', () => {
  it('removes colours, cursor movements, titles and bells', () => {
    expect(printableLine('\x1b[31mred\x1b[0m \x1b[2J\x1b[10;10Hhome \x1b]0;title\x07end\x07')).toBe(
      'red home end',
    );
  });

  it('keeps text that ends in a bell, and what stands before an unfinished sequence', () => {
    expect(printableLine('\x1b[2Jgone\x07')).toBe('gone');
    expect(printableLine('loss\x1b]0;title')).toBe('loss0;title');
  });

  it('removes what could turn the text around', () => {
    expect(printableLine('abc\u202egnp.exe\u202c')).toBe('abcgnp.exe');
  });

  it('keeps the last writing of a line that was rewritten', () => {
    expect(printableLine(' 10%\r 50%\r100%\r\n')).toBe('100%');
  });

  it('keeps letters of any language, and tabs', () => {
    expect(printableLine('Fehler:\tgröße 大きい 🎉')).toBe('Fehler:\tgröße 大きい 🎉');
  });

  it('leaves no lone escape behind', () => {
    expect(printableLine('a\x1b')).toBe('a');
  });
});
