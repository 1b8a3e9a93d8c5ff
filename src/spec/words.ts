/** The words of a command line, or why it has none; and what a shell would do with it that combu does not. */
export type Words =
  | { readonly ok: true; readonly words: readonly string[]; readonly shellSyntax: string | undefined }
  | { readonly ok: false; readonly message: string };

/** What a backslash inside double quotes takes the meaning of; before anything else it stands for itself. */
const ESCAPED_IN_QUOTES = new Set(['$', '`', '"', '\\']);

/** Operators that a shell acts on where they stand unquoted. */
const OPERATOR = /^(?:&&|\|\||[|;&<>]|>>|2>|2>&1|&>|<<)$/;

/**
 * Splits a string into words as a POSIX shell does (2.2 Quoting, 2.6.5 Field Splitting of XCU): blanks separate, single
 * quotes keep all, double quotes all but backslash escapes, a backslash the next character. No shell is run: nothing is
 * expanded, `#` begins no comment, operators are ordinary characters. `shellSyntax` is the first thing found that only a
 * shell would act on, where no shell is among the words.
 */
export function splitWords(line: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  let bare = '';
  let syntax: string | undefined;
  const end = () => {
    if (word === undefined) return;
    if (word === bare && OPERATOR.test(word)) syntax ??= word;
    words.push(word);
    word = undefined;
    bare = '';
  };
  let at = 0;
  while (at < line.length) {
    const char = line[at]!;
    at += 1;
    if (char === ' ' || char === '\t' || char === '\n' || char === '\r') end();
    else if (char === "'") {
      const close = line.indexOf("'", at);
      if (close < 0) return { ok: false, message: `the single quote at character ${at} is not closed` };
      word = (word ?? '') + line.slice(at, close);
      at = close + 1;
    } else if (char === '"') {
      const from = at;
      word ??= '';
      while (at < line.length && line[at] !== '"') {
        const inner = line[at]!;
        const next = line[at + 1];
        if (inner === '\\' && next === '\n') at += 2;
        else if (inner === '\\' && next !== undefined && ESCAPED_IN_QUOTES.has(next)) {
          word += next;
          at += 2;
        } else {
          syntax ??= expansionAt(line, at);
          word += inner;
          at += 1;
        }
      }
      if (at >= line.length)
        return { ok: false, message: `the double quote at character ${from} is not closed` };
      at += 1;
    } else if (char === '\\') {
      const next = line[at];
      if (next === undefined) return { ok: false, message: 'a backslash stands at the end' };
      at += 1;
      if (next !== '\n') word = (word ?? '') + next;
    } else {
      syntax ??= expansionAt(line, at - 1);
      word = (word ?? '') + char;
      bare += char;
    }
  }
  end();
  return { ok: true, words, shellSyntax: words.includes('-c') ? undefined : syntax };
}

/** `$NAME`, `${NAME}`, `$(...)` or a backquote that begins here. */
function expansionAt(line: string, at: number): string | undefined {
  return /^(?:\$[A-Za-z_]\w*|\$\{[^}]*\}|\$\(|`)/.exec(line.slice(at, at + 80))?.[0];
}
