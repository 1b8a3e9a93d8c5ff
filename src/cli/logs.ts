import type { Register } from './command.js';
import { colorFlag, experimentFlags, jsonFlag, positive } from './flags.js';
import type { LogsFlags } from './logs/logs.js';
import { runFlag } from './looking/flags.js';

const EXAMPLES = `
Examples:
  combu logs solver-3              one trial's log, byte for byte
  combu logs -f                    all trials of the latest run, as they write
  combu logs -n 20 'solver-a-*'    the last 20 lines of some
  combu logs --attempt 1 solver-3  of its first attempt
  combu -f other.jsonnet logs      of another experiment (after logs, -f is --follow)
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('logs')
    .description('show what trials wrote: while they run, and after')
    .argument('[trials...]', 'names or globs (default: all)')
    .addHelpText('after', EXAMPLES);
  jsonFlag(colorFlag(runFlag(experimentFlags(command, { short: false }))))
    .option('-f, --follow', 'go on with what they write, until they have ended')
    .option('-n, --tail <n>', 'only the last lines of each', positive)
    .option('--attempt <n>', 'this attempt (default: the latest)', positive)
    .action(async (trials: readonly string[], flags: LogsFlags) => {
      const { logs } = await import('./logs/logs.js');
      finish(await logs(context, trials, flags));
    });
};
