import { Option } from 'commander';

import type { Register } from './command.js';
import { experimentFlags, jsonFlag } from './flags.js';
import { runFlag } from './looking/flags.js';
import type { WaitFlags } from './looking/wait.js';
import { duration } from './run/flags.js';

const EXAMPLES = `
Examples:
  combu wait                until the latest run has ended; ends with the run's exit code
  combu wait --timeout 2h   no longer than two hours; then ends with 124
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('wait')
    .description('wait until a run has ended, and end with its exit code')
    .argument('[run]', 'as --run')
    .addHelpText('after', EXAMPLES);
  jsonFlag(runFlag(experimentFlags(command)))
    .addOption(new Option('--timeout <time>', 'wait no longer, such as 90s or 2h').argParser(duration))
    .action(async (run: string | undefined, flags: WaitFlags) => {
      const { wait } = await import('./looking/wait.js');
      finish(await wait(context, run === undefined ? flags : { ...flags, run }));
    });
};
