import type { Node } from './node.js';
import { closest } from './suggest.js';
import { kindOf, written } from './values.js';

/** Signals of Linux, which the engine's containers run on, whatever this machine is; the likeliest first. */
const SIGNALS = (
  'TERM INT QUIT HUP KILL USR1 USR2 ILL TRAP ABRT BUS FPE SEGV PIPE ALRM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG ' +
  'XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');

/** `SIGINT`, `INT` or a number, as in `docker run --stop-signal`. */
export function readStopSignal(node: Node): string | undefined {
  const value = node.value;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 64) return String(value);
  if (typeof value === 'number')
    return node.fail(`is no signal: ${value}`, 'write "SIGINT" or "SIGTERM"; numbers are 1 to 64');
  if (typeof value !== 'string')
    return node.fail(`must be a signal's name, not ${kindOf(value)}`, 'write "SIGINT" or "SIGTERM"');
  const name = value.toUpperCase().replace(/^SIG/, '');
  if (SIGNALS.includes(name) || /^RTM(?:IN|IN\+\d+|AX|AX-\d+)$/.test(name)) return `SIG${name}`;
  if (/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 64) return value;
  // Without the beginning that all have in common, which would make any short name near to any other.
  const near = closest(name, SIGNALS);
  return node.fail(
    `is no signal: ${written(value)}`,
    near === undefined ? 'write "SIGINT" or "SIGTERM"' : `write "SIG${near}"`,
  );
}
