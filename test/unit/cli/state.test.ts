import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { experimentFile, stateFolder } from '../../../src/cli/state.js';

let cwd: string;
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'combu-state-')));
});
afterEach(() => rmSync(cwd, { recursive: true }));

function write(path: string): void {
  mkdirSync(join(cwd, path, '..'), { recursive: true });
  writeFileSync(join(cwd, path), '[]');
}

describe('experimentFile', () => {
  it('is experiment.jsonnet before docker/experiment.jsonnet', async () => {
    write('docker/experiment.jsonnet');
    expect(await experimentFile({ cwd }, {})).toBe(join(cwd, 'docker/experiment.jsonnet'));
    write('experiment.jsonnet');
    expect(await experimentFile({ cwd }, {})).toBe(join(cwd, 'experiment.jsonnet'));
  });

  it('says what to do where there is none', async () => {
    await expect(experimentFile({ cwd }, {})).rejects.toThrow(
      /no experiment\.jsonnet or docker\/experiment\.jsonnet/,
    );
  });

  it('is the real path, so that a link names the same experiment', async () => {
    write('real/sweep.jsonnet');
    symlinkSync(join(cwd, 'real/sweep.jsonnet'), join(cwd, 'link.jsonnet'));
    expect(await experimentFile({ cwd }, { file: 'link.jsonnet' })).toBe(join(cwd, 'real/sweep.jsonnet'));
  });

  it('may be gone when it is named', async () => {
    expect(await experimentFile({ cwd }, { file: 'gone.jsonnet' })).toBe(join(cwd, 'gone.jsonnet'));
  });
});

describe('stateFolder', () => {
  it('lies beside the experiment file', async () => {
    write('docker/experiment.jsonnet');
    expect(await stateFolder({ cwd }, {})).toBe(join(cwd, 'docker/.combu'));
    expect(await stateFolder({ cwd }, { file: 'sub/other.jsonnet' })).toBe(join(cwd, 'sub/.combu'));
  });

  it('lies in the current folder for standard input', async () => {
    write('docker/experiment.jsonnet');
    expect(await stateFolder({ cwd }, { file: '-' })).toBe(join(cwd, '.combu'));
  });

  it('is what --state says', async () => {
    expect(await stateFolder({ cwd }, { file: 'x.jsonnet', state: 'elsewhere' })).toBe(
      join(cwd, 'elsewhere'),
    );
  });

  it('is still found when the default file is gone', async () => {
    mkdirSync(join(cwd, 'docker/.combu'), { recursive: true });
    expect(await stateFolder({ cwd }, {})).toBe(join(cwd, 'docker/.combu'));
  });

  it('is not one that a deleted file left when the other default file is there', async () => {
    mkdirSync(join(cwd, '.combu'));
    write('docker/experiment.jsonnet');
    expect(await stateFolder({ cwd }, {})).toBe(join(cwd, 'docker/.combu'));
  });
});
