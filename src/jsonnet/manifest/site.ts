import { Source } from '../ast.js';
import { Code } from '../values.js';

/** The frame that each level of a value takes while it is written out. It has no place of its own. */
export const MANIFESTATION = new Code(() => null, new Source('', ''), 0, 0, '');
