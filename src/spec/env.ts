import type { EnvValue } from '../model/trial.js';
import type { Node } from './node.js';
import { kindOf, LONGEST_VALUE, scalarText } from './values.js';
import type { World } from './world.js';

/** Set by combu in every trial's container. */
const OWN_NAMES = new Set([
  'COMBU_EXPERIMENT',
  'COMBU_RUN',
  'COMBU_TRIAL',
  'COMBU_ATTEMPT',
  'COMBU_PARAMS',
  'COMBU_RESULTS',
]);

/** Whether the value under this name is masked in every record. */
export function looksSecret(name: string): boolean {
  return /KEY|TOKEN|SECRET|PASSWORD/i.test(name);
}

/** `env`: values as text; `null` passes the variable through from combu's own environment. */
export function readEnv(node: Node, world: World): Record<string, EnvValue> {
  if (!node.isObject()) {
    const pairs = Array.isArray(node.value) ? ' rather than "NAME=value" strings' : '';
    node.fail(`must be an object, not ${kindOf(node.value)}`, `write env: { NAME: "value" }${pairs}`);
    return {};
  }
  return Object.fromEntries(
    node.names().flatMap((name) => {
      const value = readVariable(node.field(name)!, name, world);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function readVariable(node: Node, name: string, world: World): EnvValue | undefined {
  if (!/^[A-Za-z_.-][\w.-]*$/.test(name)) {
    return node.fail('is no name of a variable', 'use letters, digits, _ . and -, a digit not first');
  }
  if (OWN_NAMES.has(name)) return node.fail('is set by combu', 'choose another name');
  if (node.value === null) {
    const value = world.environment[name];
    if (value === undefined) {
      return node.fail(
        "is to be passed through, but is not set in combu's environment",
        `set it before you call combu: export ${name}=...`,
      );
    }
    world.passed.set(name, value);
    return tooLong(node, value) ? undefined : { kind: 'passed' };
  }
  const value = scalarText(node);
  if (value === undefined || tooLong(node, value)) return undefined;
  const secret = looksSecret(name) && value !== '';
  if (secret) world.writtenSecrets.add(name);
  return { kind: 'value', value, secret };
}

function tooLong(node: Node, value: string): boolean {
  const bytes = Buffer.byteLength(value);
  if (bytes <= LONGEST_VALUE) return false;
  node.fail(
    `is ${bytes} bytes long; at most ${LONGEST_VALUE} (100 KiB) reach a program`,
    'put it in a file and mount that with `volumes`',
  );
  return true;
}
