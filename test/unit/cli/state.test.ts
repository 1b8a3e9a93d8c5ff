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
  it('is experiment.jsonnet before docker/experiment.jsonnet', () => {
    write('docker/experiment.jsonnet');
    expect(experimentFile({ cwd }, {})).toBe(join(cwd, 'docker/experiment.jsonnet'));
    write('experiment.jsonnet');
    expect(experimentFile({ cwd }, {})).toBe(join(cwd, 'experiment.jsonnet'));
  });

  it('says what to do where there is none', () => {
    expect(() => experimentFile({ cwd }, {})).toThrow(
      /no experiment\.jsonnet or docker\/experiment\.jsonnet/,
    );
  });

  it('is the real path, so that a link names the same experiment', () => {
    write('real/sweep.jsonnet');
    symlinkSync(join(cwd, 'real/sweep.jsonnet'), join(cwd, 'link.jsonnet'));
    expect(experimentFile({ cwd }, { file: 'link.jsonnet' })).toBe(join(cwd, 'real/sweep.jsonnet'));
  });

  it('may be gone when it is named', () => {
    expect(experimentFile({ cwd }, { file: 'gone.jsonnet' })).toBe(join(cwd, 'gone.jsonnet'));
  });
});

describe('stateFolder', () => {
  it('lies beside the experiment file', () => {
    write('docker/experiment.jsonnet');
    expect(stateFolder({ cwd }, {})).toBe(join(cwd, 'docker/.combu'));
    expect(stateFolder({ cwd }, { file: 'sub/other.jsonnet' })).toBe(join(cwd, 'sub/.combu'));
  });

  it('lies in the current folder for standard input', () => {
    write('docker/experiment.jsonnet');
    expect(stateFolder({ cwd }, { file: '-' })).toBe(join(cwd, '.combu'));
  });

  it('is what --state says', () => {
    expect(stateFolder({ cwd }, { file: 'x.jsonnet', state: 'elsewhere' })).toBe(join(cwd, 'elsewhere'));
  });

  it('is still found when the default file is gone', () => {
    mkdirSync(join(cwd, 'docker/.combu'), { recursive: true });
    expect(stateFolder({ cwd }, {})).toBe(join(cwd, 'docker/.combu'));
  });

  it('is not one that a deleted file left when the other default file is there', () => {
    mkdirSync(join(cwd, '.combu'));
    write('docker/experiment.jsonnet');
    expect(stateFolder({ cwd }, {})).toBe(join(cwd, 'docker/.combu'));
  });
});
