import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { availableMemory, sampleFiles } from '../../../../src/backend/docker/samples.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'combu-cgroup-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

describe('a sample', () => {
  it('comes from the files of cgroup v1, inactive file pages taken off', async () => {
    put({
      'memory/docker/abc/memory.usage_in_bytes': '1000000\n',
      'memory/docker/abc/memory.stat': 'inactive_file 1\ntotal_inactive_file 400000\n',
      'cpuacct/docker/abc/cpuacct.usage': '2500000000\n',
    });
    expect(sampleFiles('abc', { version: '1', driver: 'cgroupfs' }, root)).toEqual({
      memory: 600_000,
      cpuSeconds: 2.5,
    });
  });

  it('comes from the files of cgroup v2, under systemd too', async () => {
    put({
      'system.slice/docker-abc.scope/memory.current': '1000000\n',
      'system.slice/docker-abc.scope/memory.stat': 'anon 5\ninactive_file 250000\nactive_file 9\n',
      'system.slice/docker-abc.scope/cpu.stat': 'usage_usec 1500000\nuser_usec 1\n',
    });
    expect(sampleFiles('abc', { version: '2', driver: 'systemd' }, root)).toEqual({
      memory: 750_000,
      cpuSeconds: 1.5,
    });
  });

  it('is undefined where the files are not there, and never zero', async () => {
    expect(sampleFiles('abc', { version: '2', driver: 'cgroupfs' }, root)).toBeUndefined();
    put({
      'docker/abc/memory.current': '1\n',
      'docker/abc/memory.stat': 'anon 5\n',
      'docker/abc/cpu.stat': '',
    });
    expect(sampleFiles('abc', { version: '2', driver: 'cgroupfs' }, root)).toBeUndefined();
  });
});

it('the available memory is what Linux says', async () => {
  put({ meminfo: 'MemTotal:  100 kB\nMemFree:  1 kB\nMemAvailable:   20 kB\n' });
  expect(await availableMemory(join(root, 'meminfo'))).toBe(20 * 1024);
  expect(await availableMemory(join(root, 'none'))).toBeUndefined();
});
