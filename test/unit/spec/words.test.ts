import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../src/spec/words.js';

const wordsOf = (line: string) => {
  const split = splitWords(line);
  return split.ok ? split.words : split.message;
};

/** What a shell makes of it: each word is printed with a mark after it. */
function shellWords(line: string): string[] | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `printf '%s\\001' ${line}`], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\x01').slice(0, -1) : undefined;
}

describe('splitWords', () => {
  it.each([
    ['make simulation ID=1 MODE=a', ['make', 'simulation', 'ID=1', 'MODE=a']],
    ['  a \t b\n', ['a', 'b']],
    [`python -c 'print("x y")'`, ['python', '-c', 'print("x y")']],
    [String.raw`a\ b "c \"d\" \x" 'e\'f`, ['a b', 'c "d" \\x', 'e\\f']],
    [`''a"" ""`, ['a', '']],
    ['a "b\\\nc" d\\\ne', ['a', 'bc', 'de']],
    ['echo #1 # 2', ['echo', '#1', '#', '2']],
    ['echo $HOME *.txt a&&b', ['echo', '$HOME', '*.txt', 'a&&b']],
  ])('splits %j', (line, words) => {
    expect(wordsOf(line)).toEqual(words);
  });

  it.each([
    ["a 'b c", 'the single quote at character 3 is not closed'],
    ['a "b c', 'the double quote at character 3 is not closed'],
    ['"a\\"', 'the double quote at character 1 is not closed'],
    ['a\\', 'a backslash stands at the end'],
  ])('says why %j has no words', (line, message) => {
    expect(wordsOf(line)).toBe(message);
  });

  it('does with quotes and escapes what sh does', () => {
    // Pieces of every kind but those that a shell expands or acts on; a fixed sequence, so that a failure repeats.
    const pieces = [
      ' ',
      'a',
      'b=c',
      "'",
      '"',
      '\\',
      "'x y'",
      '"x y"',
      '\\"',
      "\\'",
      '\t',
      '/',
      '-',
      '\\\\',
      '\\ ',
      '%',
    ];
    let seed = 7;
    const next = () => {
      seed = (seed * 48271) % 2147483647;
      return seed;
    };
    let compared = 0;
    for (let round = 0; round < 300; round++) {
      const line = Array.from({ length: 1 + (next() % 9) }, () => pieces[next() % pieces.length]).join('');
      const words = wordsOf(line);
      // A shell ends a last line that ends in a backslash differently from one shell to the next.
      if (words === 'a backslash stands at the end' || line.trim() === '') continue;
      const expected = shellWords(line);
      if (expected === undefined) expect(words, line).toBeTypeOf('string');
      else if (words.length > 0) expect(words, line).toEqual(expected);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(200);
  });

  it.each([
    ['a && b', '&&'],
    ['a | b', '|'],
    ['a > out.txt', '>'],
    ['echo "$HOME/x"', '$HOME'],
    [`echo $\{X:-y}`, `$\{X:-y}`],
    ['echo $(date)', '$('],
    ['echo `date`', '`'],
    ["echo '$HOME' '&&' \\$X cost:5$ a&b", undefined],
    ["sh -c 'a && b' $X", undefined],
  ])('sees what only a shell would act on in %j', (line, syntax) => {
    expect(splitWords(line)).toMatchObject({ ok: true, shellSyntax: syntax });
  });
});
