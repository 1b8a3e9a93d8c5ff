import { Source } from '../ast.js';
import { enter } from '../machine.js';
import { Code } from '../values.js';

/** The frame that each level of a value takes while it is written out. It has no place of its own. */
export const MANIFESTATION = new Code(() => null, new Source('', ''), 0, 0, '');

/** Takes the frame of one level of a value that is being written out or copied. */
export function enterLevel(): void {
  enter(MANIFESTATION);
}
