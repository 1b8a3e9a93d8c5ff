import type { Node, Span } from './ast.js';
import type { Compiler } from './compiler.js';
import { JsonnetError, type Region } from './errors.js';
import { indexValue, sliceValue } from './indexing.js';
import type { Scope } from './scope.js';
import { type Frame, JsonnetObject, type Run, type Value } from './values.js';
import { outer, readSlot } from './variables.js';

function regionOf({ source }: Compiler, { start, end }: Span): Region {
  return { source, start, end };
}

export function compileSelf(compiler: Compiler, node: Node, scope: Scope): Run {
  const hops = scope.layout.hopsToObject();
  if (hops < 0) throw compiler.fail('"self" has a meaning only inside an object', node);
  return readSlot(hops, 1);
}

export function compileDollar(compiler: Compiler, node: Node, scope: Scope): Run {
  const hops = scope.layout.hopsToOutermostObject();
  if (hops < 0) throw compiler.fail('"$" has a meaning only inside an object', node);
  return readSlot(hops, 1);
}

function superParts(compiler: Compiler, node: Node & { kind: 'super' | 'in-super' }, scope: Scope) {
  const hops = scope.layout.hopsToObject();
  if (hops < 0) throw compiler.fail('"super" has a meaning only inside an object', node);
  const name =
    node.kind === 'super' ? compiler.fieldName(node.index, scope) : compiler.run(node.index, scope);
  return { objectFrame: (frame: Frame) => outer(frame, hops), name, at: regionOf(compiler, node) };
}

export function compileSuper(compiler: Compiler, node: Node & { kind: 'super' }, scope: Scope): Run {
  const { objectFrame, name, at } = superParts(compiler, node, scope);
  return (frame) => {
    const key = name(frame);
    if (typeof key !== 'string') throw new JsonnetError('the index of "super" must be a string').at(at);
    const home = objectFrame(frame);
    try {
      return (home[1] as JsonnetObject).getSuper((home[2] as number) + 1, key);
    } catch (error) {
      throw error instanceof JsonnetError ? error.at(at) : error;
    }
  };
}

export function compileInSuper(compiler: Compiler, node: Node & { kind: 'in-super' }, scope: Scope): Run {
  const { objectFrame, name, at } = superParts(compiler, node, scope);
  return (frame) => {
    const key = name(frame);
    if (typeof key !== 'string') throw new JsonnetError('"in super" needs a string before it').at(at);
    const home = objectFrame(frame);
    return (home[1] as JsonnetObject).has(key, (home[2] as number) + 1);
  };
}

export function compileIndex(compiler: Compiler, node: Node & { kind: 'index' }, scope: Scope): Run {
  const { target: targetNode, index: indexNode } = node;
  if (targetNode.kind === 'variable' && indexNode.kind === 'string') {
    const standard = compiler.standard(targetNode.name, indexNode.value, scope);
    if (standard !== undefined) return () => standard;
  }
  const target = compiler.run(targetNode, scope);
  const at = regionOf(compiler, { start: indexNode.start, end: indexNode.end });
  if (indexNode.kind === 'string') {
    const name = indexNode.value;
    return (frame) => {
      const object = target(frame);
      try {
        return object instanceof JsonnetObject ? object.get(name) : indexValue(object, name);
      } catch (error) {
        throw error instanceof JsonnetError ? error.at(at) : error;
      }
    };
  }
  const index = compiler.run(indexNode, scope);
  return (frame) => {
    const object = target(frame);
    const key = index(frame);
    try {
      return indexValue(object, key);
    } catch (error) {
      throw error instanceof JsonnetError ? error.at(at) : error;
    }
  };
}

export function compileSlice(compiler: Compiler, node: Node & { kind: 'slice' }, scope: Scope): Run {
  const absent: Run = () => null;
  const target = compiler.run(node.target, scope);
  const from = node.from ? compiler.run(node.from, scope) : absent;
  const to = node.to ? compiler.run(node.to, scope) : absent;
  const step = node.step ? compiler.run(node.step, scope) : absent;
  const at = regionOf(compiler, node);
  return (frame) => {
    const parts: [Value, Value, Value, Value] = [target(frame), from(frame), to(frame), step(frame)];
    try {
      return sliceValue(...parts);
    } catch (error) {
      throw error instanceof JsonnetError ? error.at(at) : error;
    }
  };
}
