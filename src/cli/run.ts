import { Option } from 'commander';
import type { Register } from './command.js';
import { colorFlag, experimentFlags, jsonFlag, jsonnetFlags, progressFlag } from './flags.js';
import { duration, halt, planFlags, type RunFlags, size, storeWaitFlag, tag } from './run/flags.js';

const EXAMPLES = `
Examples:
  combu -f experiment.jsonnet run      the whole run, with live progress
  combu run -j 4 -m "smaller steps"    at most 4 trials at once, with a comment
  combu run -n                         what it would do; starts nothing (combu plan)
  combu run -n --resume                what it would repeat, and why
  combu run -d                         in the background; then: combu status, combu logs -f, combu wait
  combu run --resume                   go on with this experiment's latest run
  combu run --only failed              try again what failed in this experiment's latest run
  combu run --only failed --set resources.memory=8Gi --set retries=2
                                       the same, with more memory; --set alone resumes the whole run with it
  combu run --rerun 'prepare-*'        these again, and what completed on them: a mounted folder has changed
  combu run --sample 1%                a few trials first, then what the rest will take, and the question whether to go on
  combu run --deadline 8h              stop it after eight hours
  combu run --store s3://bucket/lab    results go there too, while the trials run (credentials: AWS_ACCESS_KEY_ID, ...)
  combu run --tla-str mode=fast        give the file's function an argument

Ctrl-C once: start nothing more, stop what runs. Twice: kill it now. Three times: leave; the containers run on.
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('run')
    .description('run every trial, as many at a time as the machine can hold')
    .addHelpText('after', EXAMPLES);
  experimentFlags(command)
    .option('-d, --detach', 'leave a supervisor in the background and return')
    .option('-n, --dry-run', 'show the plan; start nothing')
    .addOption(new Option('-m, --message <text>', 'a comment on this run').env('COMBU_MESSAGE'));
  planFlags(command)
    .option('-y, --yes', 'answer every question with yes: resumes an interrupted run, goes on after a sample')
    .addOption(
      new Option('--deadline <time>', 'stop after so long, such as 8h (exit code 124)')
        .argParser(duration)
        .env('COMBU_DEADLINE'),
    )
    .addOption(
      new Option('--keep <which>', 'ended containers that stay for a look')
        .choices(['failed', 'all', 'none'])
        .env('COMBU_KEEP'),
    )
    .addOption(
      new Option('--halt <when>', 'stop admitting: never, failures=N, percent=P, sameError=N')
        .argParser(halt)
        .env('COMBU_HALT'),
    )
    .addOption(
      new Option('--log-limit <size>', 'log kept of each trial (default: 64m)')
        .argParser(size)
        .env('COMBU_LOG_LIMIT'),
    )
    .addOption(storeWaitFlag())
    .addOption(new Option('--tag <key=value>', 'a tag of this run').argParser(tag).default({}));
  jsonnetFlags(command, context.env);
  jsonFlag(colorFlag(progressFlag(command))).action(async (flags: RunFlags) => {
    const { run } = await import('./run/run.js');
    finish(await run(context, flags));
  });
};
