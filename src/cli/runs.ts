import type { Register } from './command.js';
import { colorFlag, experimentFlags, jsonFlag, positive } from './flags.js';
import type { RunsFlags } from './looking/runs.js';

const EXAMPLES = `
Examples:
  combu runs           the latest 20 runs
  combu runs --last 5  the latest five
  combu runs --json    as JSON
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('runs')
    .description('list runs: when, how they ended, counts, comments')
    .addHelpText('after', EXAMPLES);
  jsonFlag(colorFlag(experimentFlags(command)))
    .option('--last <n>', 'only so many, the latest', positive, 20)
    .action(async (flags: RunsFlags) => {
      const { runs } = await import('./looking/runs.js');
      finish(await runs(context, flags));
    });
};
