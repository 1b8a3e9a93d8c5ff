import type { Field, ObjectComprehensionNode, ObjectNode } from './ast.js';
import { compileLoops } from './compile-loops.js';
import type { Compiler } from './compiler.js';
import { JsonnetError, type Region } from './errors.js';
import { quote } from './manifest/json.js';
import { FieldTable, Layer, LayeredObject, type ObjectShape, type WrittenField } from './objects.js';
import { plus } from './operators.js';
import { FrameLayout, Scope } from './scope.js';
import { type Run, typeName, type Value } from './values.js';

/** An object expression: with constant names all its objects share one map of fields. */
export function compileObject(compiler: Compiler, node: ObjectNode, scope: Scope): Run {
  const layout = new FrameLayout('object', scope.layout);
  const inner = new Scope(layout, scope);
  const locals = compileLocals(compiler, node.locals, inner);
  const fields = node.fields.map((field) => compileField(compiler, field, scope, inner));
  const assertions = node.assertions.map((assertion) => {
    const run = compiler.assertion(assertion, 'object assertion failed', inner);
    return compiler.wrap(run, assertion, 'assertion');
  });
  const shape: ObjectShape = { size: layout.size, locals, assertions };
  if (node.fields.every((field) => !field.computed)) {
    const constant = new Map<string, WrittenField>();
    for (const { constantName, definition, region } of fields) {
      if (constant.has(constantName!)) throw compiler.fail(duplicate(constantName!), region);
      constant.set(constantName!, definition);
    }
    const table = new FieldTable(constant);
    return (frame) => LayeredObject.of([new Layer(shape, frame, table)]);
  }
  return (frame) => {
    const map = new Map<string, WrittenField>();
    for (const { constantName, name, definition, region } of fields) {
      const key = constantName ?? fieldName(name(frame), region);
      if (key === null) continue;
      if (map.has(key)) throw new JsonnetError(duplicate(key)).at(region);
      map.set(key, definition);
    }
    return LayeredObject.of([new Layer(shape, frame, new FieldTable(map))]);
  };
}

function compileLocals(compiler: Compiler, binds: ObjectNode['locals'], inner: Scope) {
  const slots = binds.map(({ name }) => inner.define(name));
  return binds.map(({ name, value }, i) => ({
    slot: slots[i]!,
    code: compiler.code(value, inner, `variable ${name}`),
  }));
}

interface CompiledField {
  readonly constantName: string | undefined;
  readonly name: Run;
  readonly region: Region;
  readonly definition: WrittenField;
}

function compileField(compiler: Compiler, field: Field, scope: Scope, inner: Scope): CompiledField {
  const { source } = compiler;
  const region = { source, start: field.start, end: field.end };
  const constantName = !field.computed && field.name.kind === 'string' ? field.name.value : undefined;
  const run = compiler.run(field.value, inner);
  const code = compiler.wrap(run, region, constantName === undefined ? 'field' : `field ${constantName}`);
  return {
    constantName,
    name: compiler.fieldName(field.name, scope),
    region,
    definition: { visibility: field.visibility, plus: field.plus ? plus : undefined, code, frame: undefined },
  };
}

/** A computed name; null leaves the field out. */
function fieldName(name: Value, at: Region): string | null {
  if (typeof name === 'string' || name === null) return name;
  throw new JsonnetError(`a field name is a string, not ${typeName(name)}`).at(at);
}

function duplicate(name: string): string {
  return `the field ${quote(name)} is defined twice`;
}

/** `{[name]: value for ...}`: one layer, each field bound to the frame of its turn. */
export function compileObjectComprehension(
  compiler: Compiler,
  node: ObjectComprehensionNode,
  scope: Scope,
): Run {
  let shape: ObjectShape;
  const loops = compileLoops<Map<string, WrittenField>>(compiler, node.loops, scope, (turn) => {
    const layout = new FrameLayout('object', turn.layout);
    const inner = new Scope(layout, turn);
    const locals = compileLocals(compiler, node.locals, inner);
    const { name, region, definition } = compileField(compiler, node.field, turn, inner);
    shape = { size: layout.size, locals, assertions: [] };
    return (frame, map) => {
      const key = fieldName(name(frame), region);
      if (key === null) return;
      if (map.has(key)) throw new JsonnetError(duplicate(key)).at(region);
      map.set(key, { ...definition, frame });
    };
  });
  return (frame) => {
    const map = new Map<string, WrittenField>();
    loops(frame, map);
    return LayeredObject.of([new Layer(shape, frame, new FieldTable(map))]);
  };
}
