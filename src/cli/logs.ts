import type { Register } from './command.js';

export const register: Register = (program) => {
  program.command('logs');
};
