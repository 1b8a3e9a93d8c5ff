/**
 * Escape sequences as ECMA-48 has them: control sequences (colours, cursor), strings with their end (titles, links), and
 * two-character ones. Not Node's stripVTControlCharacters: that takes all text before a bell for a title.
 */
const ESCAPE = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]/g;

/** C0 without tab, DEL, C1, and the marks that turn the direction of what follows them. */
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * One line of a container's output, fit to be shown: no escape sequence, no control character, nothing that could move
 * the cursor or turn the text around. Of a line that was rewritten with carriage returns (a progress bar) the last
 * writing remains, as on a terminal. Tabs stay; the caller decides what they mean.
 */
export function printableLine(line: string): string {
  const written = line.replace(/[\r\n]+$/, '');
  return written
    .slice(written.lastIndexOf('\r') + 1)
    .replace(ESCAPE, '')
    .replace(CONTROL, '');
}
