import type { Register } from './command.js';
import { colorFlag, experimentFlags, jsonFlag } from './flags.js';
import { runFlag } from './looking/flags.js';
import type { PullFlags, ResultsFlags, TableFlags } from './results/results.js';

const EXAMPLES = `
Examples:
  combu results table                params beside the scalars of results/*.json, one line a trial
  combu results table --csv > t.csv  for a spreadsheet or pandas
  combu results ls 'solver-a-*'      files of some trials, with their sizes
  combu results pull -o results      copies of each trial's latest success

Of each trial, the attempt that succeeded last counts.
`;

export const register: Register = (program, context, finish) => {
  const results = program
    .command('results')
    .description('what trials produced, beside their params')
    .addHelpText('after', EXAMPLES);
  const trials = ['[trials...]', 'names or globs (default: all)'] as const;

  const table = results
    .command('table')
    .description('params and results as a table')
    .argument(...trials);
  jsonFlag(colorFlag(runFlag(experimentFlags(table))))
    .option('--csv', 'print comma-separated values')
    .action(async (words: readonly string[], flags: TableFlags) => {
      const commands = await import('./results/results.js');
      finish(await commands.table(context, words, flags));
    });

  const list = results
    .command('ls')
    .description('list result files')
    .argument(...trials);
  jsonFlag(colorFlag(runFlag(experimentFlags(list)))).action(
    async (words: readonly string[], flags: ResultsFlags) => {
      const commands = await import('./results/results.js');
      finish(await commands.list(context, words, flags));
    },
  );

  const pull = results
    .command('pull')
    .description('copy result files')
    .argument(...trials);
  runFlag(experimentFlags(pull))
    .requiredOption('-o, --output <folder>', 'where to: FOLDER/<trial>/')
    .action(async (words: readonly string[], flags: PullFlags) => {
      const commands = await import('./results/results.js');
      finish(await commands.pull(context, words, flags));
    });
};
