import type { Register } from './command.js';
import { colorFlag, experimentFlags, progressFlag } from './flags.js';
import type { AttachFlags } from './looking/attach.js';
import { runFlag } from './looking/flags.js';

const EXAMPLES = `
Examples:
  combu attach                   the live display of the latest run, in this terminal too
  combu attach --progress json   every event of it, one JSON object a line

Ctrl-C leaves the display; the run goes on.
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('attach')
    .description('show a run that goes on elsewhere, live')
    .argument('[run]', 'as --run')
    .addHelpText('after', EXAMPLES);
  progressFlag(colorFlag(runFlag(experimentFlags(command)))).action(
    async (run: string | undefined, flags: AttachFlags) => {
      const { attach } = await import('./looking/attach.js');
      finish(await attach(context, run === undefined ? flags : { ...flags, run }));
    },
  );
};
