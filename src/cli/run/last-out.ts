import type { Backend } from '../../backend/backend.js';
import { LABEL } from '../../model/labels.js';
import { ownNetwork } from '../../plan/networks.js';
import type { Plan } from '../../plan/plan.js';

/**
 * Removes networks of other runs that this run shared and that nobody needs any more: their own run has ended, and had to
 * leave them because this one was in them. `lives`: whether a run has a supervisor; undefined = that can't be told.
 */
export async function removeLeftShared(
  backend: Backend,
  plan: Pick<Plan, 'run' | 'networks'>,
  lives: (run: string) => Promise<boolean | undefined>,
): Promise<void> {
  const names = new Set(plan.networks.map(({ name }) => name));
  names.delete(ownNetwork(plan.run));
  if (names.size === 0) return;
  const { networks } = await backend.survey();
  for (const { id, name, run } of networks) {
    if (run === undefined || run === plan.run || !names.has(name)) continue;
    if ((await lives(run)) !== false) continue;
    // A supervisor that can't be seen from here (in a container, say) shows by what it runs.
    const containers = await backend.list({ [LABEL.run]: run });
    if (containers.some(({ ours, status }) => ours !== undefined && status !== 'ended')) continue;
    await backend.removeNetwork(id);
  }
}
