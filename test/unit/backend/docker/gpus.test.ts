import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listGpus, parseGpuList } from '../../../../src/backend/docker/gpus.js';

describe('GPUs', () => {
  it('are listed by UUID', () => {
    const text = [
      'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5c1e1b5c-0000-1111-2222-333344445555)',
      'GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-6d2f2c6d-0000-1111-2222-333344445555)',
      '',
    ].join('\n');
    expect(parseGpuList(text)).toEqual([
      'GPU-5c1e1b5c-0000-1111-2222-333344445555',
      'GPU-6d2f2c6d-0000-1111-2222-333344445555',
    ]);
  });

  it('that are cut up are given out in pieces', () => {
    const text = [
      'GPU 0: NVIDIA A30 (UUID: GPU-a)',
      '  MIG 2g.12gb     Device  0: (UUID: MIG-b)',
      '  MIG 2g.12gb     Device  1: (UUID: MIG-c)',
      'GPU 1: NVIDIA A30 (UUID: GPU-d)',
    ].join('\n');
    expect(parseGpuList(text)).toEqual(['MIG-b', 'MIG-c', 'GPU-d']);
  });

  it('are none where nvidia-smi fails or is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'combu-smi-'));
    const program = join(folder, 'nvidia-smi');
    writeFileSync(program, '#!/bin/sh\necho "GPU 0: X (UUID: GPU-1)"\nexit 9\n');
    chmodSync(program, 0o755);
    expect(await listGpus(program)).toEqual([]);
    writeFileSync(program, '#!/bin/sh\n[ "$1" = -L ] && echo "GPU 0: X (UUID: GPU-1)"\n');
    expect(await listGpus(program)).toEqual(['GPU-1']);
    rmSync(folder, { recursive: true });
    expect(await listGpus(program)).toEqual([]);
  });
});
