import type { DiskRoom, RunEvent, StopReason } from '../model/event.js';
import type { RunState } from '../model/run-state.js';
import { leftForLater } from '../model/sample.js';
import { formatSize } from '../util/size.js';
import { plural } from './text/amounts.js';

/**
 * One line for the events that say something of the whole run and that no counts show; undefined for all others.
 * Every display that people read shows these.
 */
export function runNotice(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'run.warning':
      return `warning: ${event.message}`;
    case 'engine.lost':
      return `the engine does not answer: ${event.message}; what runs goes on, combu waits for it`;
    case 'engine.back':
      return 'the engine answers again';
    case 'results.trouble':
      return event.message === null
        ? 'the store takes results again'
        : `results wait in the run's folder: ${event.message}`;
    case 'admission.disk':
      return event.low === null ? 'there is room on the disk again' : lowDiskText(event.low);
    case 'run.stopping':
      return stoppingText(event.reason, event.force, event.why);
    case 'run.started':
    case 'run.capacity':
    case 'image.pulling':
    case 'image.ready':
    case 'network.created':
    case 'network.removed':
    case 'volume.created':
    case 'attempt.intended':
    case 'attempt.created':
    case 'attempt.started':
    case 'attempt.healthy':
    case 'attempt.stopping':
    case 'attempt.ended':
    case 'attempt.removed':
    case 'attempt.kept':
    case 'trial.retrying':
    case 'trial.ended':
    case 'trial.skipped':
    case 'admission.reserved':
    case 'admission.memory':
    case 'admission.turn':
    case 'results.store':
    case 'results.progress':
    case 'run.ended':
      return undefined;
  }
}

function lowDiskText(low: DiskRoom): string {
  return `the disk is nearly full: ${describeRoom(low)}; what runs goes on, nothing more starts until there is room`;
}

/** `1.2 GiB is free at /data, 2 GiB is kept free (--reserve-disk)`. */
export function describeRoom({ folder, free, kept }: DiskRoom): string {
  return `${formatSize(free)} is free at ${folder}, ${formatSize(kept)} is kept free (--reserve-disk)`;
}

/** What a run does once it admits nothing more, and why. */
function stoppingText(reason: StopReason, force: boolean, why = 'as the experiment asks'): string {
  const what = force ? 'killing what runs' : 'stopping what runs; once more kills it at once';
  switch (reason) {
    case 'interrupted':
      return `interrupted: ${what}`;
    case 'killed':
      return 'killed: removing everything';
    case 'halted':
      return `halted, ${why}: nothing more starts, what runs may end`;
    case 'deadline':
      return 'the deadline has passed: stopping what runs';
  }
}

/** Host ports of a trial: `127.0.0.1:32768->8080/tcp, ...`; empty if it has none. */
export function portsText(ports: Readonly<Record<string, string>>): string {
  return Object.entries(ports)
    .map(([container, host]) => `${host}->${container}`)
    .join(', ');
}

/** The first line about a run: `run k3j... of iris (docker/experiment.jsonnet)`. */
export function runTitle(state: RunState): string {
  const comment = state.comment === undefined ? '' : `: ${state.comment}`;
  return `run ${state.run} of ${state.name} (${state.file})${comment}${sampleNote(state)}`;
}

function sampleNote({ sample }: RunState): string {
  if (sample === null) return '';
  const left = leftForLater(sample);
  return `, a sample that leaves ${plural(left, 'trial')} for later`;
}
