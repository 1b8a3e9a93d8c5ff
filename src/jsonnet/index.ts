/**
 * The Jsonnet language (release 0.22): parsing, evaluation, manifestation. Synchronous; touches files only through imports.
 *
 *     const evaluation = evaluateFile('experiment.jsonnet', { extVars: { lr: { kind: 'code', value: '0.1' } } });
 *     evaluation.value;                          // plain JavaScript
 *     evaluation.json();                         // the reference command's bytes
 *     evaluation.placeOf(['trials', 3, 'name']); // { file, line, column }
 */
import { readFileSync } from 'node:fs';
import { type Node, Source } from './ast.js';
import { JsonnetError, type Place, type Region } from './errors.js';
import { Evaluator } from './evaluator.js';
import { isolated } from './machine.js';
import { manifestJson } from './manifest/json.js';
import { type JsonValue, toJson } from './manifest/plain.js';
import { type EvaluateOptions, resolveOptions } from './options.js';
import { parseSource } from './parser.js';
import { findPlace } from './places.js';
import type { Value } from './values.js';

export { JsonnetError, type Place, type StackLine } from './errors.js';
export { fileImporter, type Imported, type Importer } from './import.js';
export type { JsonValue } from './manifest/plain.js';
export type { EvaluateOptions, ExternalValue, NativeFunction } from './options.js';

/** The outcome of a program. */
export interface Evaluation {
  /** The whole value, as plain JavaScript data. */
  readonly value: JsonValue;
  /** The value as the reference command prints it: indented by three spaces, fields sorted, a line break at the end. */
  json(): string;
  /** Where the value at this path was made: its field's name, or its element; else the nearest ancestor's place. */
  placeOf(path: readonly (string | number)[]): Place | undefined;
}

/** Evaluates a file. @throws {JsonnetError} for whatever is wrong with the program */
export function evaluateFile(path: string, options: EvaluateOptions = {}): Evaluation {
  return evaluate(new Source(path, readMain(path)), options);
}

/**
 * Evaluates a text.
 * @param filename shown in messages and places; imports are relative to its folder
 * @throws {JsonnetError} for whatever is wrong with the program
 */
export function evaluateSnippet(filename: string, text: string, options: EvaluateOptions = {}): Evaluation {
  return evaluate(new Source(filename, text), options);
}

/** Parses a text without evaluating it. @throws {JsonnetError} of kind `static` */
export function parse(filename: string, text: string): Node {
  return parseSource(new Source(filename, text));
}

function readMain(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new JsonnetError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function evaluate(source: Source, options: EvaluateOptions): Evaluation {
  const resolved = resolveOptions(options);
  const { root, value } = isolated(resolved.maxStack, () => {
    const root = new Evaluator(resolved).program(source);
    return { root, value: toJson(root) };
  });
  return new Outcome(source, root, value, resolved.maxStack);
}

class Outcome implements Evaluation {
  readonly #whole: Region;

  constructor(
    source: Source,
    readonly root: Value,
    readonly value: JsonValue,
    readonly maxStack: number,
  ) {
    this.#whole = { source, start: 0, end: 1 };
  }

  json(): string {
    return isolated(this.maxStack, () => `${manifestJson(this.root)}\n`);
  }

  placeOf(path: readonly (string | number)[]): Place {
    return isolated(this.maxStack, () => findPlace(this.root, this.#whole, path));
  }
}
