import type { GpuCount, Resources } from '../model/resources.js';
import { NO_RETRIES, RETRY_CAUSES, type Retries, type RetryCause } from '../model/trial.js';
import { formatSize } from '../util/size.js';
import type { Node } from './node.js';
import {
  amount,
  duration,
  given,
  integer,
  isRecord,
  kindOf,
  list,
  oneOf,
  required,
  size,
  written,
} from './values.js';

/** The engine refuses less. */
const LEAST_MEMORY = 6 * 1024 ** 2;
/** The engine refuses less; 0 stands for none at all. */
const LEAST_CPUS = 0.01;

export const NO_RESOURCES: Resources = { cpus: undefined, memory: undefined, gpus: undefined };

export function readResources(node: Node): Resources {
  if (!isRecord(node, ['cpus', 'memory', 'gpus'], 'resources: { cpus: 1, memory: "2g" }'))
    return NO_RESOURCES;
  return {
    cpus: given(node, 'cpus', readCpus),
    memory: given(node, 'memory', readMemory),
    gpus: given(node, 'gpus', readGpus),
  };
}

function readCpus(node: Node): number | undefined {
  const cpus = amount(0)(node);
  if (cpus !== undefined && cpus > 0 && cpus < LEAST_CPUS) {
    return node.fail(`is too small: ${cpus}`, 'give 0.01 or more, or 0 to reserve and limit nothing');
  }
  return cpus;
}

function readMemory(node: Node): number | undefined {
  const memory = size(node);
  if (memory === undefined || memory >= LEAST_MEMORY) return memory;
  return node.fail(
    `is too small: ${formatSize(memory)}; the engine refuses less than ${formatSize(LEAST_MEMORY)}`,
    typeof node.value === 'number' && node.value > 0 && node.value < 1024
      ? `a number alone is bytes: write "${node.value}g" or "${node.value}m"`
      : 'give more, or leave it out for no limit',
  );
}

function readGpus(node: Node): GpuCount | undefined {
  const value = node.value;
  if (value === 'all') return 'all';
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  const fix =
    typeof value === 'number' && value > 0
      ? 'a device belongs to one trial at a time: give a whole number'
      : typeof value === 'string' && /^\d+$/.test(value)
        ? `leave the quotes out: ${value}`
        : undefined;
  return node.fail(`must be a whole number or "all", not ${written(value)}`, fix);
}

export function readRetries(node: Node): Retries {
  if (typeof node.value === 'number') return { ...NO_RETRIES, max: integer(0)(node) ?? 0 };
  if (!node.isObject()) {
    node.fail(
      `must be a number or an object, not ${kindOf(node.value)}`,
      'write retries: 2 or retries: { max: 2, on: ["oom"] }',
    );
    return NO_RETRIES;
  }
  isRecord(node, ['max', 'on', 'backoff', 'memoryFactor'], '');
  return {
    max: required(node, 'max', 'write retries: { max: 2, ... }', integer(0)) ?? 0,
    on: given(node, 'on', readCauses) ?? RETRY_CAUSES,
    backoff: given(node, 'backoff', duration) ?? NO_RETRIES.backoff,
    memoryFactor: given(node, 'memoryFactor', amount(1)) ?? NO_RETRIES.memoryFactor,
  };
}

function readCauses(node: Node): readonly RetryCause[] | undefined {
  const causes = list(node, oneOf(RETRY_CAUSES), 'causes');
  if (Array.isArray(node.value) && node.value.length === 0)
    return node.fail('is empty', 'leave it out for all three: "oom", "timeout", "exit"');
  return [...new Set(causes)];
}
