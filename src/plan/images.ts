import type { Experiment } from '../model/experiment.js';
import type { Refusal } from '../model/problem.js';
import type { PullPolicy, Trial } from '../model/trial.js';
import { listNames } from './phrases.js';
import type { Observed, PlannedImage } from './plan.js';

/** Distinct images in the file's order, each once whatever the number of trials; and why they can't be had. */
export function planImages(
  experiment: Experiment,
  observed: Observed,
): { images: PlannedImage[]; refusals: Refusal[] } {
  const users = new Map<string, Trial[]>();
  for (const trial of experiment.trials) {
    const list = users.get(trial.image);
    if (list === undefined) users.set(trial.image, [trial]);
    else list.push(trial);
  }
  const refusals: Refusal[] = [];
  const images = [...users].map(([image, trials]): PlannedImage => {
    const policy = strongestPolicy(trials);
    const here = observed.images.get(image);
    const pull = policy === 'always' || (policy === 'missing' && here === undefined);
    const why = observed.unpullable.get(image);
    const names = listNames(trials.map(({ name }) => name));
    if (pull && why !== undefined) {
      refusals.push({
        code: 'image',
        trial: trials[0]!.name,
        message: `the image ${image} (${names}) ${here === undefined ? 'is absent and ' : ''}cannot be pulled: ${why.replace(/\.$/, '')}`,
        fix: 'build it, mend its name, or log in with `docker login`',
      });
    } else if (!pull && here === undefined) {
      refusals.push({
        code: 'image',
        trial: trials[0]!.name,
        message: `the image ${image} (${names}) is absent, and \`pull\` is "never"`,
        fix: `build it: docker build -t ${image} ...`,
      });
    }
    const reason = here === undefined ? 'absent' : pull ? 'pull: always' : `here, ${here.id.slice(0, 19)}`;
    return { image, action: pull ? 'pull' : 'use', reason, trials: trials.length };
  });
  return { images, refusals };
}

/** One pull serves all trials of an image, so the most demanding of them decides. */
function strongestPolicy(trials: readonly Trial[]): PullPolicy {
  const wanted = new Set(trials.map(({ pull }) => pull));
  return wanted.has('always') ? 'always' : wanted.has('missing') ? 'missing' : 'never';
}
