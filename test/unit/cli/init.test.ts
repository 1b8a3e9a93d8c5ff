import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { initProject, projectName } from '../../../src/cli/init/project.js';
import { packageFolder } from '../../../src/cli/package-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'combu-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const template = packageFolder('templates/project');

describe('a new project', () => {
  it('is the template with its own name', async () => {
    const project = join(folder, 'Deep Learning');
    const made = await initProject(template, project);
    expect(made.name).toBe('deep-learning');
    expect(made.files).toEqual(
      expect.arrayContaining(['.gitignore', 'Makefile', 'docker/Dockerfile', 'docker/experiment.jsonnet']),
    );
    const experiment = readFileSync(join(project, 'docker/experiment.jsonnet'), 'utf8');
    expect(experiment).toContain("image: 'deep-learning:1'");
    for (const file of made.files) {
      expect(readFileSync(join(project, file), 'utf8'), file).not.toContain('project-name');
    }
  });

  it('has scripts that can be executed', async () => {
    const project = join(folder, 'scripts');
    await initProject(template, project);
    expect(statSync(join(project, 'scripts/results-to-csv.sh')).mode & 0o111).not.toBe(0);
  });

  it('overwrites nothing, and then writes nothing', async () => {
    const project = join(folder, 'there');
    mkdirSync(project);
    writeFileSync(join(project, 'Makefile'), 'mine\n');
    await expect(initProject(template, project)).rejects.toThrow(/Makefile/);
    expect(readFileSync(join(project, 'Makefile'), 'utf8')).toBe('mine\n');
    expect(() => statSync(join(project, 'docker'))).toThrow();
  });
});

describe('its name', () => {
  it.each([
    ['My Experiment_2', 'my-experiment-2'],
    ['--x--', 'experiment-x'],
    ['', 'experiment'],
    ['ünï', 'experiment-n'],
    ['a'.repeat(60), 'a'.repeat(40)],
  ])('of the folder %j is %s', (name, expected) => {
    expect(projectName(name)).toBe(expected);
  });
});
