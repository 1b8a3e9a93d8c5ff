import type { Condition, Trial, TrialKind } from '../model/trial.js';

/** A dependency with its condition settled. */
export interface SettledDependency {
  readonly trial: string;
  readonly condition: Condition;
}

/** A bare name means `healthy` where that trial has a healthcheck, its own or its image's, else `started`. */
export function settleDependencies(
  trial: Trial,
  byName: ReadonlyMap<string, Trial>,
  hasHealthcheck: (trial: Trial) => boolean,
): SettledDependency[] {
  return trial.depends.map(({ trial: name, condition }) => {
    if (condition !== 'default') return { trial: name, condition };
    const target = byName.get(name);
    return { trial: name, condition: target !== undefined && hasHealthcheck(target) ? 'healthy' : 'started' };
  });
}

/** Trials so that each comes after all it depends on, and in the file's order else; and the topological level of each. */
export interface Order {
  readonly names: readonly string[];
  readonly level: ReadonlyMap<string, number>;
}

/** The spec reader lets no cycle and no unknown name pass, so either is a bug here. */
export function orderOf(depends: ReadonlyMap<string, readonly SettledDependency[]>): Order {
  const waiting = new Map<string, number>();
  const dependents = new Map<string, string[]>();
  for (const [name, targets] of depends) {
    waiting.set(name, targets.length);
    for (const { trial } of targets) {
      const list = dependents.get(trial);
      if (list === undefined) dependents.set(trial, [name]);
      else list.push(name);
    }
  }
  const level = new Map<string, number>();
  const names = [...depends.keys()].filter((name) => waiting.get(name) === 0);
  for (const name of names) level.set(name, 0);
  for (const name of names) {
    for (const dependent of dependents.get(name) ?? []) {
      level.set(dependent, Math.max(level.get(dependent) ?? 0, level.get(name)! + 1));
      const left = waiting.get(dependent)! - 1;
      waiting.set(dependent, left);
      if (left === 0) names.push(dependent);
    }
  }
  if (names.length !== depends.size) throw new Error('a cycle or an unknown name among the dependencies');
  return { names, level };
}

/** Names by level, each in the file's order. */
export function groupsOf(order: Order, fileOrder: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const name of fileOrder) {
    const level = order.level.get(name)!;
    while (groups.length <= level) groups.push([]);
    groups[level]!.push(name);
  }
  return groups;
}

const NOBODY: ReadonlySet<string> = new Set();

/** For each trial the services that must run with it: those it depends on, and those that they depend on. */
export function needsOf(
  order: Order,
  depends: ReadonlyMap<string, readonly SettledDependency[]>,
  kindOf: (name: string) => TrialKind,
): Map<string, ReadonlySet<string>> {
  const needs = new Map<string, ReadonlySet<string>>();
  for (const name of order.names) {
    const own = depends.get(name)!.filter(({ trial }) => kindOf(trial) === 'service');
    if (own.length === 0) {
      needs.set(name, NOBODY);
      continue;
    }
    const all = new Set<string>();
    for (const { trial } of own) {
      for (const further of needs.get(trial)!) all.add(further);
      all.add(trial);
    }
    needs.set(name, all);
  }
  return needs;
}
