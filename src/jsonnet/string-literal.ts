const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** What a lone or mismatched surrogate becomes. */
const REPLACEMENT = '\ufffd';

/**
 * The value of a quoted string's inside.
 * @param fail makes the error for a stretch of `raw`
 */
export function unescapeString(
  raw: string,
  fail: (message: string, from: number, to: number) => Error,
): string {
  let value = '';
  let from = 0;
  const unit = (at: number): number => {
    const digits = raw.slice(at, at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw fail('\\u needs four hexadecimal digits', at - 2, at + 4);
    return Number.parseInt(digits, 16);
  };
  for (let at = raw.indexOf('\\'); at >= 0; at = raw.indexOf('\\', from)) {
    value += raw.slice(from, at);
    const kind = raw[at + 1] ?? '';
    if (kind === 'u') {
      const first = unit(at + 2);
      from = at + 6;
      if (first < 0xd800 || first > 0xdfff) value += String.fromCharCode(first);
      else {
        if (!raw.startsWith('\\u', from)) {
          throw fail('half of a surrogate pair: its other \\u is missing', at, at + 6);
        }
        const second = unit(from + 2);
        from += 6;
        const paired = first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff;
        value += paired ? String.fromCharCode(first, second) : REPLACEMENT;
      }
      continue;
    }
    const plain = ESCAPES[kind];
    if (plain === undefined) throw fail(`unknown escape sequence \\${kind}`, at, at + 2);
    value += plain;
    from = at + 2;
  }
  return value + raw.slice(from);
}
