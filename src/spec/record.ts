import type { JsonObject, JsonValue } from '../model/json.js';
import { looksSecret } from './env.js';

/** What stands in records in place of a secret. */
export const MASK = '********';

/** The experiment as evaluated, with the values of variables that look like secrets masked. */
export function recordOf(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(maskTrial);
  if (!isObject(value)) return value;
  return mapFields(value, (name, field) => {
    if (name === 'trials' && Array.isArray(field)) return field.map(maskTrial);
    return name === 'defaults' ? maskTrial(field) : field;
  });
}

function maskTrial(trial: JsonValue): JsonValue {
  if (!isObject(trial)) return trial;
  return mapFields(trial, (name, field) =>
    name === 'env' && isObject(field)
      ? mapFields(field, (variable, value) => (value !== null && looksSecret(variable) ? MASK : value))
      : field,
  );
}

function mapFields(object: JsonObject, map: (name: string, value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(name, value)]));
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
