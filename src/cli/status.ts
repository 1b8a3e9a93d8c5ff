import type { Register } from './command.js';
import { colorFlag, experimentFlags, jsonFlag } from './flags.js';
import { runFlag } from './looking/flags.js';
import type { StatusFlags } from './looking/status.js';

const EXAMPLES = `
Examples:
  combu status               how the latest run stands, what failed, what waits and why
  combu status k3j --json    of a run that begins with k3j, as JSON
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('status')
    .description('how a run stands: counts, capacity, failures by kind, why trials wait')
    .argument('[run]', 'as --run')
    .addHelpText('after', EXAMPLES);
  jsonFlag(colorFlag(runFlag(experimentFlags(command)))).action(
    async (run: string | undefined, flags: StatusFlags) => {
      const { status } = await import('./looking/status.js');
      finish(await status(context, run === undefined ? flags : { ...flags, run }));
    },
  );
};
