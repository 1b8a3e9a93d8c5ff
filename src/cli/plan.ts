import type { Register } from './command.js';
import { experimentFlags, jsonFlag, jsonnetFlags } from './flags.js';
import { type PlanFlags, planFlags } from './run/flags.js';

const EXAMPLES = `
Examples:
  combu plan                   groups, services, images, networks, requests against capacity, problems
  combu -f other.jsonnet plan
  combu plan --json            the same for programs

Starts nothing. Ends with 2 for a faulty file, and with 3 where a run would be refused.
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('plan')
    .description('show what a run would do; start nothing')
    .addHelpText('after', EXAMPLES);
  planFlags(jsonnetFlags(experimentFlags(jsonFlag(command)), context.env)).action(
    async (flags: PlanFlags) => {
      const { showPlan } = await import('./run/show-plan.js');
      finish(await showPlan(context, flags));
    },
  );
};
