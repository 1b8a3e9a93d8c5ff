/** Why something is given up that nobody waits for any more. An abort without a reason makes an error with a stack each time. */
export const NO_LONGER = new Error('nobody waits for this any more');
