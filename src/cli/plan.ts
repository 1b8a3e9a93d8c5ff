import type { Register } from './command.js';
import { experimentFlags, jsonFlag, jsonnetFlags } from './flags.js';
import { type PlanFlags, planFlags } from './run/flags.js';

const EXAMPLES = `
Examples:
  combu plan                   groups, services, images, networks, requests against capacity, problems
  combu -f other.jsonnet plan
  combu plan --resume          what going on with the latest run would repeat, and why (combu run -n --resume)
  combu plan --sample 1%       the trials of a sample alone
  combu plan --json            the same for programs

Starts nothing. Ends with 2 for a faulty file, and with 3 where a run would be refused.
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('plan')
    .description('show what a run would do; start nothing')
    .addHelpText('after', EXAMPLES);
  jsonnetFlags(planFlags(experimentFlags(command)), context.env);
  jsonFlag(command).action(async (flags: PlanFlags) => {
    const { showPlan } = await import('./run/show-plan.js');
    finish(await showPlan(context, flags));
  });
};
