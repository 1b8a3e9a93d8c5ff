import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { Failure } from '../../model/failure.js';

/** Stands for the project's name in the files of the template. */
const PLACEHOLDER = 'project-name';

/** npm packs no file named .gitignore, so the template holds it under another name. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

/**
 * Copies the template into the folder, which is made if absent. Throws a user's Failure, with nothing written, where any
 * of its files is there already.
 */
export async function initProject(
  template: string,
  folder: string,
): Promise<{ readonly name: string; readonly files: readonly string[] }> {
  const name = projectName(basename(folder));
  const sources = await filesBelow(template);
  const copies = sources.map((source) => {
    const path = relative(template, source);
    const file = RENAMED[basename(path)] ?? basename(path);
    return { source, target: join(folder, dirname(path), file) };
  });
  const taken: string[] = [];
  for (const { target } of copies) if (await exists(target)) taken.push(relative(folder, target));
  if (taken.length > 0) {
    throw new Failure(`${folder} holds already: ${taken.join(', ')}; nothing was written.`, {
      owner: 'user',
      fix: 'Name a folder that is not there yet: combu init my-experiment',
    });
  }
  for (const { source, target } of copies) {
    await mkdir(dirname(target), { recursive: true });
    // Copied first for its mode: scripts stay executable.
    await copyFile(source, target);
    const text = await readFile(source, 'utf8');
    if (text.includes(PLACEHOLDER)) await writeFile(target, text.replaceAll(PLACEHOLDER, name));
  }
  return { name, files: copies.map(({ target }) => relative(folder, target)).sort() };
}

/** A name fit for images and containers, made of a folder's. */
export function projectName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return name.length > 1 ? name : `experiment${name === '' ? '' : `-${name}`}`;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
