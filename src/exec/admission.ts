import type { Capacity } from '../model/resources.js';
import { formatSize } from '../util/size.js';

/** What a trial, with the services that start with it, would take. */
export interface Demand {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
  /** Of the batch trials that `-j` allows at once. */
  readonly slots: number;
  /** Endpoints by network. */
  readonly endpoints: ReadonlyMap<string, number>;
  /** Some of it says nothing of its memory, so the machine's available memory must be above what is kept free. */
  readonly unmeasured: boolean;
}

/** What there is, and what of it is free. */
export interface Room {
  readonly capacity: Capacity;
  /** undefined = not bounded. */
  readonly jobs: number | undefined;
  /** Endpoints that each network holds; absent = not bounded. */
  readonly endpoints: ReadonlyMap<string, number>;
  readonly free: Free;
  /** Said of the machine's memory when it is below what is kept free; undefined = it is not. */
  readonly memoryLow: string | undefined;
}

export interface Free {
  cpus: number;
  memory: number;
  gpus: number;
  slots: number;
  readonly endpoints: Map<string, number>;
}

/** Sums of fractions of cpus are not exact; a millionth of a cpu is nobody's. */
const EPSILON = 1e-6;

/** A trial is kept room for when others have overtaken it so often, or since so long (milliseconds). */
const MAX_OVERTAKEN = 100;
const MAX_WAIT = 600_000;

/** The first thing that is missing, as a phrase for people that follows "waits for"; undefined = it fits. */
export function whatLacks(demand: Demand, room: Room): string | undefined {
  const { free, capacity } = room;
  if (demand.slots > free.slots)
    return `its turn: ${(room.jobs ?? 0) - free.slots} of ${room.jobs} trials run`;
  if (demand.cpus > 0 && demand.cpus > free.cpus + EPSILON) {
    return `${plural(demand.cpus, 'cpu')}: ${tidy(free.cpus)} of ${tidy(capacity.cpus)} free`;
  }
  if (demand.memory > 0 && demand.memory > free.memory) {
    return `${formatSize(demand.memory)} of memory: ${formatSize(Math.max(0, free.memory))} of ${formatSize(capacity.memory)} free`;
  }
  if (demand.gpus > free.gpus) {
    return `${plural(demand.gpus, 'GPU')}: ${free.gpus} of ${capacity.gpus.length} free`;
  }
  if (demand.unmeasured && room.memoryLow !== undefined) return room.memoryLow;
  for (const [network, count] of demand.endpoints) {
    const left = free.endpoints.get(network);
    if (left !== undefined && count > left) {
      return `the network ${network}: ${left} of ${room.endpoints.get(network)} endpoints free`;
    }
  }
  return undefined;
}

/** Whether the trial that room is kept for would still have its room, in each thing that the other takes, after it. */
export function leavesRoomFor(kept: Demand, other: Demand, free: Free): boolean {
  if (other.slots > 0 && free.slots - other.slots < kept.slots) return false;
  if (other.cpus > 0 && free.cpus - other.cpus < kept.cpus - EPSILON) return false;
  if (other.memory > 0 && free.memory - other.memory < kept.memory) return false;
  if (other.gpus > 0 && free.gpus - other.gpus < kept.gpus) return false;
  for (const [network, count] of other.endpoints) {
    const left = free.endpoints.get(network);
    if (left !== undefined && left - count < (kept.endpoints.get(network) ?? 0)) return false;
  }
  return true;
}

/** Takes a demand out of what is free. */
export function take(free: Free, demand: Demand): void {
  free.cpus -= demand.cpus;
  free.memory -= demand.memory;
  free.gpus -= demand.gpus;
  free.slots -= demand.slots;
  for (const [network, count] of demand.endpoints) {
    const left = free.endpoints.get(network);
    if (left !== undefined) free.endpoints.set(network, left - count);
  }
}

/** A ready trial that asks to be admitted. */
export interface Candidate<T> {
  readonly of: T;
  readonly demand: Demand;
  /** It has been overtaken too often or for too long. */
  readonly impatient: boolean;
}

export interface Admission<T> {
  /** In the order in which they are to start. */
  readonly admitted: readonly T[];
  /** What becomes free is kept for this one; undefined = for nobody. */
  readonly keptFor: T | undefined;
  /** Those that were ready, came first, and were overtaken; as often as they stand here. */
  readonly overtaken: readonly T[];
}

/**
 * Which candidates may start now: in their order, as they fit. A smaller one may overtake one that does not fit, but
 * for room that is kept. At most `limit` are admitted; nobody behind the last of these is looked at.
 * Changes `room.free` by what it admits.
 */
export function admit<T>(candidates: readonly Candidate<T>[], room: Room, limit: number): Admission<T> {
  const admitted: T[] = [];
  const overtaken: T[] = [];
  const passedOver: T[] = [];
  const impatient = candidates.find((candidate) => candidate.impatient);
  let kept: Candidate<T> | undefined;
  if (impatient !== undefined && limit > 0) {
    if (whatLacks(impatient.demand, room) === undefined) {
      take(room.free, impatient.demand);
      admitted.push(impatient.of);
    } else {
      kept = impatient;
    }
  }
  for (const candidate of candidates) {
    if (admitted.length >= limit) break;
    if (candidate === impatient && candidate !== kept) continue;
    const fits =
      candidate !== kept &&
      whatLacks(candidate.demand, room) === undefined &&
      (kept === undefined || leavesRoomFor(kept.demand, candidate.demand, room.free));
    if (!fits) {
      passedOver.push(candidate.of);
      continue;
    }
    take(room.free, candidate.demand);
    admitted.push(candidate.of);
    overtaken.push(...passedOver);
  }
  return { admitted, keptFor: kept?.of, overtaken };
}

/** Whether a trial's patience is at its end. */
export function isImpatient(
  waiting: { readonly overtaken: number; readonly overtakenSince: number | undefined },
  now: number,
): boolean {
  if (waiting.overtaken >= MAX_OVERTAKEN) return true;
  return waiting.overtakenSince !== undefined && now - waiting.overtakenSince >= MAX_WAIT;
}

function plural(count: number, word: string): string {
  return `${tidy(count)} ${word}${count === 1 ? '' : 's'}`;
}

function tidy(count: number): number {
  return Math.max(0, Math.round(count * 100) / 100);
}
