import type { Dependency, WrittenCondition } from '../model/trial.js';
import type { Node } from './node.js';
import { given, kindOf, list, noOtherFields, oneOf, required, text, written } from './values.js';

const CONDITIONS = ['started', 'healthy', 'completed'] as const satisfies readonly WrittenCondition[];

/** `depends`: names, or `{ name, condition }`. Whether such trials exist is seen when all are read. */
export function readDepends(node: Node): Dependency[] {
  if (node.isObject()) {
    node.fail('must be an array of names, not an object', `write depends: [${dependsFromCompose(node)}]`);
    return [];
  }
  return list(node, readDependency, 'names');
}

function readDependency(node: Node): Dependency | undefined {
  if (typeof node.value === 'string') {
    const trial = text(node);
    return trial === undefined ? undefined : { trial, condition: 'default' };
  }
  if (!node.isObject()) {
    return node.fail(
      `must be a trial's name, not ${kindOf(node.value)}`,
      'write "NAME" or { name: "NAME", condition: "completed" }',
    );
  }
  noOtherFields(node, ['name', 'condition']);
  const trial = required(node, 'name', 'write { name: "NAME", condition: "completed" }', text);
  const condition = given(node, 'condition', readCondition) ?? 'default';
  return trial === undefined ? undefined : { trial, condition };
}

/** What compose calls its conditions. */
const COMPOSE_CONDITIONS: Readonly<Record<string, WrittenCondition>> = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
};

function readCondition(node: Node): WrittenCondition | undefined {
  const here = typeof node.value === 'string' ? COMPOSE_CONDITIONS[node.value] : undefined;
  if (here !== undefined) return node.fail(`unknown condition ${written(node.value)}`, `write "${here}"`);
  return oneOf(CONDITIONS)(node);
}

function dependsFromCompose(node: Node): string {
  return node.names().slice(0, 3).map(written).join(', ');
}
