import type { RunState } from '../model/run-state.js';
import { formatSize } from '../util/size.js';
import { countStates } from './counts.js';
import { formatCpus, plural } from './text/amounts.js';

/** `other runs on this engine hold 2 of 4 cpus, 1 GiB of 8 GiB of memory`; undefined where they hold nothing. */
export function heldElsewhere({
  elsewhere,
  capacity,
}: Pick<RunState, 'elsewhere' | 'capacity'>): string | undefined {
  if (capacity === null) return undefined;
  const { cpus, memory, gpus } = elsewhere;
  const held = [
    ...(cpus > 0 ? [`${formatCpus(cpus)} of ${formatCpus(capacity.cpus)} cpus`] : []),
    ...(memory > 0 ? [`${formatSize(memory)} of ${formatSize(capacity.memory)} of memory`] : []),
    ...(gpus > 0 ? [`${gpus} of ${plural(capacity.gpus.length, 'GPU')}`] : []),
  ];
  return held.length === 0 ? undefined : `other runs on this engine hold ${held.join(', ')}`;
}

/**
 * What a run waits for that does nothing although some of its trials are ready, where nothing else tells it: `3 trials wait
 * for room: other runs ...`. undefined = something runs or starts, nothing is ready, or the reason is another.
 */
export function waitForRoom(state: RunState): string | undefined {
  if (state.stopping !== null || state.engineLost !== null || state.diskLow !== null) return undefined;
  const { states } = countStates(state, 'running', 'batch');
  const ready = states.get('ready');
  if (ready === undefined || states.has('running') || states.has('starting')) return undefined;
  const reasons = [heldElsewhere(state), lowMemory(state), turn(state)].filter((one) => one !== undefined);
  if (reasons.length === 0) return undefined;
  return `${plural(ready, 'trial')} ${ready === 1 ? 'waits' : 'wait'} for room: ${reasons.join('; ')}`;
}

/** Without the figure of what is available, which changes all the time. */
function lowMemory({ memoryLow }: RunState): string | undefined {
  if (memoryLow === null) return undefined;
  return `the machine has less than ${formatSize(memoryLow.kept)} of memory available, which is kept free`;
}

function turn({ awaitsTurn }: RunState): string | undefined {
  return awaitsTurn ? 'another combu looks at what is free on the engine' : undefined;
}
