import type { Register } from './command.js';
import { experimentFlags, jsonFlag, takeOverFlag } from './flags.js';
import type { KillFlags } from './kill/kill.js';

const EXAMPLES = `
Examples:
  combu -f experiment.jsonnet kill    stop and remove all that this experiment has on the engine
  combu kill --run k3jd               one run only; its id or the beginning of it
  combu kill --volumes                its volumes too

Logs and results stay. The file may have changed, be faulty or be gone: only its path counts.
What combu did not make is never touched.
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('kill')
    .description('stop and remove all that this experiment has on the engine')
    .addHelpText('after', EXAMPLES);
  takeOverFlag(experimentFlags(jsonFlag(command)))
    .option('--run <run>', 'this run only: its id, the beginning of it, or latest')
    .option('--volumes', 'remove its volumes too')
    .action(async (flags: KillFlags) => {
      const { kill } = await import('./kill/kill.js');
      finish(await kill(context, flags));
    });
};
