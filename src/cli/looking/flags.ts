import { type Command, Option } from 'commander';

/** Adds `--run`: which run a command looks at. */
export function runFlag(command: Command): Command {
  return command.addOption(
    new Option('--run <run>', 'a run: its id, the beginning of it, or latest').default(undefined, 'latest'),
  );
}
