import { describe, expect, it, vi } from 'vitest';
import { readManifest } from '../../../src/results/manifest.js';
import { Scene } from './pushing.js';

/** So many of the writes that follow find the disk full. */
const full = vi.hoisted(() => ({ writes: 0 }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const writeSync = (...args: Parameters<typeof fs.writeSync>) => {
    if (full.writes === 0) return fs.writeSync(...args);
    full.writes -= 1;
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  return { ...fs, writeSync };
});

describe('a manifest on a disk that is full for a moment', () => {
  it('has every line in the end, and nothing counts as refused', async () => {
    const scene = new Scene();
    const names = Array.from({ length: 40 }, (_, n) => `file-${n}`);
    for (const name of names) scene.write('one', name);
    const pusher = await scene.pusher();
    full.writes = 3;
    expect(await pusher.over(new AbortController().signal)).toBe(0);
    await pusher.close();
    expect(full.writes).toBe(0);
    expect(pusher.refused).toEqual(new Map());
    expect((await readManifest(scene.folder)).map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(scene.timesFull).toBe(1);
  });
});
