import { type Command, Option } from 'commander';
import type { Register } from './command.js';
import { colorFlag, experimentFlags, jsonFlag } from './flags.js';
import { runFlag } from './looking/flags.js';
import type { BestFlags } from './results/best.js';
import type { ListFlags } from './results/list.js';
import type { PullFlags } from './results/pull.js';
import type { RemoveFlags } from './results/remove.js';
import type { ShowFlags } from './results/show.js';
import type { TableFlags } from './results/table.js';

const EXAMPLES = `
Examples:
  combu results table                           params beside results, one line a trial
  combu results table --where 'params.lr < 0.1 && state == "succeeded"' --sort loss --columns trial,lr,loss
  combu results table --format csv > t.csv      for a spreadsheet or pandas
  combu results best loss                       the trial with the smallest loss, and its params
  combu results ls 'solver-a-*'                 what some trials have saved: sizes, times, functions
  combu results ls --others                     what trials have saved at the server by themselves, as with decotra
  combu results show solver-a-1/iris/confusion-1.json
  combu results pull -o results --only '*.npy'  copies; once more goes on where it was cut off
  combu results table --store s3://bucket/lab   the same of the latest run in a bucket, from any machine
  combu results rm --run k3jd                   removes what a run has produced; asks first

Of each trial, the attempt that succeeded last counts; of one that has not succeeded yet, the one that runs.
`;

const WHERE = `
EXPR is Jsonnet. Its variables: params and values (params.lr, values["loss.final"]), state, trial, attempt,
duration (seconds). What a trial lacks is null; where that can't be compared, the trial does not match.
`;

const BEST = `
Without --min or --max the smallest is best where a word of the metric's name says so (loss, error, cost, mse, time,
...), else the largest. Only trials that have succeeded with a number count, each with its last value.
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
  latestFlag(whereFlag(jsonFlag(colorFlag(placeFlags(table)))))
    .addOption(new Option('--format <format>', 'how').choices(['table', 'csv', 'json', 'markdown']))
    .option('--csv', 'the same as --format csv')
    .addOption(listFlag('--sort <column[:desc]>', 'sort by it; several: lr,loss:desc'))
    .addOption(listFlag('--columns <names>', 'only these, in this order: trial,lr,loss'))
    .addHelpText('after', WHERE)
    .action(async (words: readonly string[], flags: TableFlags) => {
      const command = await import('./results/table.js');
      finish(await command.table(context, words, flags));
    });

  const list = results
    .command('ls')
    .description('list what trials have saved')
    .argument(...trials);
  latestFlag(jsonFlag(colorFlag(placeFlags(list))))
    .option(
      '--others',
      'what trials have put into the buckets by themselves, as with decotra; with --store: all there that is of no run',
    )
    .action(async (words: readonly string[], flags: ListFlags) => {
      const command = await import('./results/list.js');
      finish(await command.list(context, words, flags));
    });

  const show = results
    .command('show')
    .description('print one result')
    .argument('<key>', 'TRIAL/FILE or TRIAL/ATTEMPT/FILE, FILE as ls shows it');
  latestFlag(jsonFlag(placeFlags(show)))
    .option('--raw', 'its bytes as they are')
    .action(async (key: string, flags: ShowFlags) => {
      const command = await import('./results/show.js');
      finish(await command.show(context, key, flags));
    });

  const best = results
    .command('best')
    .description('the trial with the best value of a metric')
    .argument('<metric>', 'a column of the table')
    .argument(...trials);
  whereFlag(jsonFlag(colorFlag(placeFlags(best))))
    .option('--min', 'the smallest value is best')
    .option('--max', 'the largest value is best')
    .addHelpText('after', `${BEST}${WHERE}`)
    .action(async (metric: string, words: readonly string[], flags: BestFlags) => {
      const command = await import('./results/best.js');
      finish(await command.best(context, metric, words, flags));
    });

  const pull = results
    .command('pull')
    .description('copy results; what is there already and equal stays')
    .argument(...trials);
  latestFlag(jsonFlag(placeFlags(pull)))
    .requiredOption('-o, --output <dir>', 'where to: DIR/<trial>/')
    .addOption(listFlag('--trial <names>', 'these trials; the same as naming them as arguments'))
    .addOption(repeatedFlag('--only <glob>', "these files: '*.npy', 'models/**'; may be given several times"))
    .option('--since <time>', 'what was saved since: 2h (ago), 2026-11-21, 2026-11-21T14:00')
    .action(async (words: readonly string[], flags: PullFlags) => {
      const command = await import('./results/pull.js');
      finish(await command.pull(context, words, flags));
    });

  const remove = results
    .command('rm')
    .description('remove what a run has produced; its journal and logs stay');
  storeFlag(experimentFlags(jsonFlag(remove)))
    .requiredOption('--run <run>', 'which run: its id, the beginning of it, or latest')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'also a run that may still be going on on another machine')
    .action(async (flags: RemoveFlags) => {
      const command = await import('./results/remove.js');
      finish(await command.remove(context, flags));
    });
};

/** Which run, and where what it produced is looked for. */
function placeFlags(command: Command): Command {
  return storeFlag(runFlag(experimentFlags(command)));
}

function storeFlag(command: Command): Command {
  return command.option(
    '--store <address>',
    'look there and not in the run’s folder: s3://bucket/prefix, or a folder',
  );
}

function latestFlag(command: Command): Command {
  return command.option('--latest', 'the latest attempt of each trial counts, however it ended');
}

function whereFlag(command: Command): Command {
  return command.option('--where <expr>', 'only trials for which it holds: params.mode == "a"');
}

function repeatedFlag(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((word: string, before: readonly string[]) => [...before, word])
    .default([], 'none');
}

/** Words with commas between them; may be given several times. */
function listFlag(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((word: string, before: readonly string[]) => [
      ...before,
      ...word.split(',').filter((one) => one !== ''),
    ])
    .default([], 'none');
}
