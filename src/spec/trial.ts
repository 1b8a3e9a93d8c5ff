import type { JsonObject } from '../model/json.js';
import type { Place } from '../model/problem.js';
import { NO_RETRIES, type Trial } from '../model/trial.js';
import { readCommand, readHealthcheck } from './command.js';
import { readDepends } from './depends.js';
import { readEnv } from './env.js';
import { readImage } from './image-reference.js';
import { readNetworkNames } from './networks.js';
import type { Node } from './node.js';
import { readOutputs } from './outputs.js';
import { portInBrackets, readPort } from './ports.js';
import { NO_RESOURCES, readResources, readRetries } from './resources.js';
import { readStopSignal } from './signals.js';
import type { Elsewhere } from './suggest.js';
import {
  containerPath,
  duration,
  flag,
  given,
  integer,
  kindOf,
  LONGEST_VALUE,
  list,
  noOtherFields,
  oneOf,
  positiveDuration,
  required,
  size,
  text,
  textFields,
  written,
} from './values.js';
import { mountInBrackets, readMount } from './volumes.js';
import type { World } from './world.js';

export const TRIAL_FIELDS: readonly string[] = [
  'name',
  'image',
  'pull',
  'cmd',
  'entrypoint',
  'env',
  'workdir',
  'user',
  'labels',
  'shm',
  'init',
  'pids',
  'stopSignal',
  'grace',
  'params',
  'ports',
  'volumes',
  'networks',
  'depends',
  'healthcheck',
  'service',
  'resources',
  'timeout',
  'stall',
  'retries',
  'outputs',
];

/** Fields of an experiment that no trial has. */
export const EXPERIMENT_ALONE: readonly string[] = [
  'trials',
  'defaults',
  'parallelism',
  'halt',
  'keep',
  'results',
  'tags',
];

const OF_THE_WHOLE: Elsewhere = {
  fields: EXPERIMENT_ALONE,
  advice: (field) =>
    `it belongs to the experiment as a whole: { ${field}: ...${field === 'trials' ? '' : ', trials: [...]'} }`,
};

/** Every field but name and image: what `defaults` may hold too. */
type Fields = Omit<Trial, 'name' | 'image' | 'ownStall' | 'place'>;

/** Reads one trial, defaults merged under it. What could not be read was reported, and has a harmless value here. */
export function readTrial(node: Node, place: Place | undefined, world: World): Trial {
  const name = required(node, 'name', 'give each trial a name of its own', readName) ?? '';
  const image = required(node, 'image', 'write image: "NAME:TAG"', readImage) ?? '';
  const fields = readFields(node, world);
  const ownStall = fields.stall !== undefined && node.writes('stall');
  if (ownStall && fields.service === true) {
    node
      .field('stall')
      ?.fail(
        'means nothing to a service, which does nothing while nobody asks it',
        'leave it out; or leave `service: true` out, if the trial ends by itself',
      );
  }
  const unpublished = fields.networks.find((network) => network === 'host' || network === 'none');
  if (fields.ports.length > 0 && unpublished !== undefined) {
    node
      .field('ports')
      ?.fail(
        `no port is published in the network "${unpublished}"`,
        unpublished === 'host'
          ? 'leave `ports` out: what listens there listens on the machine itself'
          : 'leave `ports` out, or join another network',
      );
  }
  return { name, image, ...fields, ownStall, place };
}

/** Reports what is wrong with `defaults` as such, whether or not a trial overrides it. */
export function checkDefaults(node: Node, world: World): void {
  node.field('name')?.fail('is the same for all trials', 'give each trial a name of its own');
  given(node, 'image', readImage);
  readFields(node, world);
}

function readFields(node: Node, world: World): Fields {
  noOtherFields(node, TRIAL_FIELDS, OF_THE_WHOLE);
  return {
    pull: given(node, 'pull', oneOf(['missing', 'always', 'never'])) ?? 'missing',
    cmd: given(node, 'cmd', (field) => readCommand(field, world)),
    entrypoint: given(node, 'entrypoint', (field) => readCommand(field, world)),
    env: given(node, 'env', (field) => readEnv(field, world)) ?? {},
    workdir: given(node, 'workdir', containerPath),
    user: given(node, 'user', readUser),
    labels: given(node, 'labels', readLabels) ?? {},
    shm: given(node, 'shm', readShm),
    init: given(node, 'init', flag),
    pids: given(node, 'pids', readPids) ?? 4096,
    stopSignal: given(node, 'stopSignal', readStopSignal),
    grace: given(node, 'grace', duration) ?? 10_000,
    params: given(node, 'params', readParams),
    ports: given(node, 'ports', (field) => list(field, readPort, 'ports', portInBrackets)) ?? [],
    volumes: given(node, 'volumes', (field) => readMounts(field, world)) ?? [],
    networks: given(node, 'networks', readNetworkNames) ?? [],
    depends: given(node, 'depends', readDepends) ?? [],
    healthcheck: given(node, 'healthcheck', readHealthcheck),
    service: given(node, 'service', flag),
    resources: given(node, 'resources', readResources) ?? NO_RESOURCES,
    timeout: given(node, 'timeout', positiveDuration),
    stall: given(node, 'stall', readStall),
    retries: given(node, 'retries', readRetries) ?? NO_RETRIES,
    outputs: given(node, 'outputs', readOutputs) ?? [],
  };
}

/** DNS of the engine does not find longer names, and the engine refuses one letter. */
function readName(node: Node): string | undefined {
  const name = text(node);
  if (name === undefined) return undefined;
  if (name.length === 1)
    return node.fail(`is too short: ${written(name)}`, 'use 2 to 63 characters: the engine refuses one');
  if (name.length > 63)
    return node.fail(
      `is too long (${name.length} characters): ${written(name)}`,
      'use 2 to 63 characters: the engine finds no longer ones by DNS',
    );
  const wrong = [...name].find((char) => !/[a-zA-Z0-9_.-]/.test(char));
  if (wrong !== undefined)
    return node.fail(`holds ${written(wrong)}: ${written(name)}`, 'use letters, digits, _ . and -');
  if (!/^[a-zA-Z0-9]/.test(name))
    return node.fail(
      `begins with ${written(name[0]!)}: ${written(name)}`,
      'begin it with a letter or a digit',
    );
  return name;
}

function readUser(node: Node): string | undefined {
  const user = typeof node.value === 'number' ? String(integer(0)(node) ?? '') : text(node);
  if (user === undefined || /^[^\s:]+(?::[^\s:]+)?$/.test(user)) return user;
  return user === '' ? undefined : node.fail(`is no user: ${written(user)}`, 'write NAME, UID or UID:GID');
}

function readLabels(node: Node): Record<string, string> {
  for (const name of node.names()) {
    if (name.startsWith('combu.'))
      node.field(name)!.fail("begins with combu., which are combu's own labels", 'choose another name');
    else if (name === '') node.field(name)!.fail('has no name');
  }
  return textFields(node, 'labels: { NAME: "value" }');
}

function readShm(node: Node): number | undefined {
  const shm = size(node);
  return shm === 0
    ? node.fail('must be more than 0', 'leave it out for the memory asked for, or 1 GiB')
    : shm;
}

/** Signs of life are looked for once a second at the most. */
function readStall(node: Node): number | undefined {
  const stall = duration(node);
  return stall !== undefined && stall < 1_000
    ? node.fail(`must be 1s or longer, not ${written(node.value)}`, 'write stall: "30m", or leave it out')
    : stall;
}

/** -1, as in `docker run`, for no limit. */
function readPids(node: Node): number | undefined {
  return node.value === -1 ? -1 : integer(1)(node);
}

function readParams(node: Node): JsonObject | undefined {
  if (!node.isObject())
    return node.fail(`must be an object, not ${kindOf(node.value)}`, 'write params: { NAME: value }');
  const params = node.merged() as JsonObject;
  const bytes = Buffer.byteLength(JSON.stringify(params));
  if (bytes <= LONGEST_VALUE) return params;
  return node.fail(
    `are ${bytes} bytes of JSON; at most ${LONGEST_VALUE} (100 KiB) reach a program`,
    'put them in a file and mount that with `volumes`',
  );
}

function readMounts(node: Node, world: World): Trial['volumes'] {
  const taken = new Set<string>();
  return list(
    node,
    (element) => {
      const mount = readMount(element, world);
      if (mount === undefined) return undefined;
      if (taken.has(mount.container))
        return element.fail(
          `mounts a second thing at ${mount.container}`,
          'mount it elsewhere, or leave one out',
        );
      taken.add(mount.container);
      return mount;
    },
    '{ host, container }',
    mountInBrackets,
  );
}
