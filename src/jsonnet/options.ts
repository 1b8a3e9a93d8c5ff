import type { Place } from './errors.js';
import type { Importer } from './import.js';
import type { JsonValue } from './manifest/plain.js';

/** The value of an external variable or top-level argument: a string as it is, or code to be evaluated when wanted. */
export interface ExternalValue {
  readonly kind: 'string' | 'code';
  readonly value: string;
}

/** A function that `std.native(name)` gives the program. It gets and returns plain data, and should be pure. */
export interface NativeFunction {
  readonly parameters: readonly string[];
  call(...args: JsonValue[]): JsonValue;
}

export interface EvaluateOptions {
  /** What `std.extVar(name)` gives. */
  readonly extVars?: Readonly<Record<string, ExternalValue>>;
  /** Arguments for a program that is a function. */
  readonly topLevelArgs?: Readonly<Record<string, ExternalValue>>;
  /** Folders to look in for imports after the importing file's own; later ones first. Unused with an `importer`. */
  readonly importPaths?: readonly string[];
  /** Replaces reading files. */
  readonly importer?: Importer;
  readonly nativeFunctions?: Readonly<Record<string, NativeFunction>>;
  /** Most Jsonnet frames at once: 500 unless given. */
  readonly maxStack?: number;
  /** String literals whose whole value is a key evaluate to its value; not where they name a field, file or variable. */
  readonly literals?: Readonly<Record<string, string>>;
  /** Told what `std.trace` says. */
  readonly trace?: (message: string, place: Place) => void;
}

/** The options with what is meant where nothing is said; without an `importer`, files are read. */
export type ResolvedOptions = Required<Omit<EvaluateOptions, 'importer'>> & {
  readonly importer: Importer | undefined;
};

/** Frames at once unless `maxStack` says otherwise; the reference's number. */
const DEFAULT_MAX_STACK = 500;

export function resolveOptions(options: EvaluateOptions): ResolvedOptions {
  return {
    extVars: options.extVars ?? {},
    topLevelArgs: options.topLevelArgs ?? {},
    importPaths: options.importPaths ?? [],
    importer: options.importer,
    nativeFunctions: options.nativeFunctions ?? {},
    maxStack: options.maxStack ?? DEFAULT_MAX_STACK,
    literals: options.literals ?? {},
    trace: options.trace ?? (() => {}),
  };
}
