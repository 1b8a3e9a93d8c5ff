import { Option } from 'commander';
import type { Register } from './command.js';
import { colorFlag, experimentFlags, jsonFlag } from './flags.js';
import { runFlag } from './looking/flags.js';
import type { PsFlags } from './looking/ps.js';

const EXAMPLES = `
Examples:
  combu ps                          the trials of the latest run
  combu ps 'a-*' --only failed,oom  some of them
  combu ps --run k3j --json         of a run that begins with k3j, as JSON
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('ps')
    .description('list the trials of a run: state, age, ports, exit code, cause')
    .argument('[trials...]', 'names or globs')
    .addHelpText('after', EXAMPLES);
  jsonFlag(colorFlag(runFlag(experimentFlags(command))))
    .addOption(
      new Option('--only <states>', 'only trials in these states, such as failed,oom').argParser(
        (word: string): readonly string[] => word.split(','),
      ),
    )
    .action(async (trials: readonly string[], flags: PsFlags) => {
      const { ps } = await import('./looking/ps.js');
      finish(await ps(context, trials, flags));
    });
};
