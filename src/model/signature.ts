/** Longer lines say the same at their beginning; journals and tables stay readable. */
const MAX_LINE = 200;

/** Addresses (`0x7f3a`), hashes and ids: words of eight or more hexadecimal characters, letters and digits among them. */
const HEX_WORD = /\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b/gi;
const NUMBER = /\d+(?:[.,]\d+)*(?:e[+-]?\d+)?/gi;
/** The numbers of a cause that tell failures apart. */
const CAUSE_NUMBER = /(\b(?:exit|signal) )?\d+(?:[.,]\d+)*/g;

/**
 * What failures are grouped by: the cause (`exit 1`) and the last log line, with every number written as `#`, so that
 * "epoch 3: loss is nan" and "epoch 17: loss is nan" are one failure. Exit codes and signals keep their numbers.
 */
export function failureSignature(cause: string, lastLine: string): string {
  const head = cause.replace(CAUSE_NUMBER, (text, kept: string | undefined) =>
    kept === undefined ? '#' : text,
  );
  const line = lastLine.trim().slice(0, MAX_LINE).replace(HEX_WORD, '#').replace(NUMBER, '#');
  return line === '' ? head : `${head}: ${line}`;
}
