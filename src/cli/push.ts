import type { Register } from './command.js';
import { experimentFlags, jsonFlag, takeOverFlag } from './flags.js';
import { runFlag } from './looking/flags.js';
import type { PushFlags } from './push/push.js';
import { storeFlag, storeWaitFlag } from './run/flags.js';

const EXAMPLES = `
Examples:
  combu push                                 what the latest run has not stored yet goes to its store
  combu push --run k3j                       the same for a run made on another day
  combu push --store s3://bucket/prefix      to another store, or of a run that had none

A run pushes its results while it goes on; this is for what was left when its store was out of reach, or combu was killed.
It can be called again and again: what is stored is not sent twice. Exit code 5: something is still not stored.
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('push')
    .description('store the results that are not stored yet')
    .addHelpText('after', EXAMPLES);
  takeOverFlag(jsonFlag(runFlag(experimentFlags(command))))
    .addOption(storeFlag())
    .addOption(storeWaitFlag())
    .action(async (flags: PushFlags) => {
      const { push } = await import('./push/push.js');
      finish(await push(context, flags));
    });
};
