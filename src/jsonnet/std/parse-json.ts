import { JsonnetError } from '../errors.js';
import { fromJson, type JsonValue } from '../manifest/plain.js';
import type { Value } from '../values.js';

/** @throws {JsonnetError} with the reason why the text is not JSON */
export function parseJson(text: string): Value {
  let data: JsonValue;
  try {
    data = JSON.parse(text) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) throw new JsonnetError(`this is not JSON: ${error.message}`);
    throw error;
  }
  return fromJson(data);
}
