import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type Evaluation, JsonnetError } from '../../jsonnet/index.js';
import type { CliContext } from '../context.js';
import type { EvalFlags } from './flags.js';

/** Puts a result where the flags say, in the form that they say. */
export async function writeAsAsked(
  context: CliContext,
  evaluation: Evaluation,
  flags: EvalFlags,
): Promise<void> {
  const text =
    flags.multi === undefined ? asText(evaluation, flags) : await writeFiles(evaluation, flags.multi, flags);
  if (flags.outputFile === undefined) context.stdout.write(text);
  else {
    if (flags.createOutputDirs) await mkdir(dirname(flags.outputFile), { recursive: true });
    await writeFile(flags.outputFile, text);
  }
}

function asText(evaluation: Evaluation, flags: EvalFlags): string {
  if (flags.yamlStream) {
    const documents = evaluation.documents();
    return documents.length === 0 ? '' : `${documents.map((document) => `---\n${document}`).join('')}...\n`;
  }
  return lineEnded(flags.string ? evaluation.text() : evaluation.json().slice(0, -1), flags);
}

function lineEnded(text: string, { trailingNewline }: EvalFlags): string {
  return trailingNewline ? `${text}\n` : text;
}

/** Writes a file for each field; those that hold the same already are left alone. Returns their names, a line each. */
async function writeFiles(evaluation: Evaluation, folder: string, flags: EvalFlags): Promise<string> {
  const files = flags.string
    ? evaluation.textFiles()
    : new Map([...evaluation.files()].map(([name, json]) => [name, json.slice(0, -1)]));
  let names = '';
  for (const [name, body] of files) {
    const path = join(folder, name);
    if (relative(resolve(folder), resolve(path)).startsWith('..')) {
      throw new JsonnetError(`the file ${name} would lie outside of ${folder}`);
    }
    names += `${path}\n`;
    const text = lineEnded(body, flags);
    if ((await readIfThere(path)) === text) continue;
    if (flags.createOutputDirs) await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return names;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
