import type { JsonObject, JsonValue } from '../model/json.js';
import { ON_COMMAND_LINE, type Path } from '../model/problem.js';
import type { Faults } from './faults.js';

/**
 * A value of the experiment and the way to it. A node can have `defaults` merged under it; what then comes from there
 * keeps its own path, so that a problem names the place where the value is written.
 */
export class Node {
  constructor(
    readonly value: JsonValue,
    private readonly faults: Faults,
    private readonly parent?: Node,
    private readonly key: string | number = '',
    private readonly under?: Node,
    /** It is to be completed by what is merged over it, so nothing is missing yet. */
    readonly incomplete = false,
    private readonly above?: Node,
  ) {}

  get path(): Path {
    const path: (string | number)[] = [];
    for (let node: Node = this; node.parent !== undefined; node = node.parent) path.unshift(node.key);
    return path;
  }

  /** The same node with another merged under it: objects deep, all else replaced, `null` removes. */
  over(defaults: Node): Node {
    return new Node(this.value, this.faults, this.parent, this.key, defaults, false, this.above);
  }

  /** The same node with another merged over it, in the same way; it keeps its own path. */
  below(assignments: Node): Node {
    return new Node(this.value, this.faults, this.parent, this.key, this.under, this.incomplete, assignments);
  }

  /** The same node, as one that others will complete. */
  asIncomplete(): Node {
    return new Node(this.value, this.faults, this.parent, this.key, this.under, true);
  }

  /** A value from the command line, whose problems are told of as that. */
  assigned(value: JsonValue): Node {
    return new Node(value, this.faults, new Node(null, this.faults), ON_COMMAND_LINE);
  }

  isObject(): boolean {
    return isObject(this.value);
  }

  /** Elements of an array; none for anything else. */
  elements(): Node[] {
    const value = this.value;
    return isArray(value) ? value.map((element, index) => new Node(element, this.faults, this, index)) : [];
  }

  /** A field, `null` included; undefined where it is not given, or given by the defaults and removed. */
  field(name: string): Node | undefined {
    return mergeOver(this.above?.field(name), this.#writtenField(name));
  }

  /** Whether the field that `field` finds is written in this value itself, not in what is merged under or over it. */
  writes(name: string): boolean {
    return this.field(name)?.parent === this;
  }

  #writtenField(name: string): Node | undefined {
    const own =
      isObject(this.value) && Object.hasOwn(this.value, name)
        ? new Node(this.value[name]!, this.faults, this, name, undefined, this.incomplete)
        : undefined;
    const base = this.under?.field(name);
    if (own === undefined || base === undefined) return own ?? base;
    if (own.value === null) return base.value === null ? own : undefined;
    return own.isObject() && base.isObject() ? own.over(base) : own;
  }

  /** Names of the fields that `field` finds, the node's own first. */
  names(): string[] {
    const own = isObject(this.value) ? Object.keys(this.value) : [];
    if (this.under === undefined && this.above === undefined) return own;
    const names = new Set([...own, ...(this.under?.names() ?? []), ...(this.above?.names() ?? [])]);
    return [...names].filter((name) => this.field(name) !== undefined);
  }

  /** The value with the defaults merged in. */
  merged(): JsonValue {
    if ((this.under === undefined && this.above === undefined) || !this.isObject()) return this.value;
    return Object.fromEntries(this.names().map((name) => [name, this.field(name)!.merged()]));
  }

  /** Reports a problem here: `message` what is wrong, `fix` what to do, each without a full stop. */
  fail(message: string, fix?: string): undefined {
    this.faults.add(this.path, message, fix);
  }
}

/** What is merged over a field takes its place, or, both being objects, goes into it. */
function mergeOver(top: Node | undefined, written: Node | undefined): Node | undefined {
  if (top === undefined || written === undefined) return top ?? written;
  if (top.value === null) return written.value === null ? written : undefined;
  return top.isObject() && written.isObject() ? written.below(top) : top;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
