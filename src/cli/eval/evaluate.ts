import { text as textOf } from 'node:stream/consumers';
import {
  type EvaluateOptions,
  type Evaluation,
  type ExternalValue,
  evaluateFile,
  evaluateSnippet,
} from '../../jsonnet/index.js';
import type { CliContext } from '../context.js';
import type { EvalFlags } from './flags.js';

/** Evaluates what the command line names: a program, a file, standard input, or the experiment. */
export async function evaluateAsAsked(
  context: CliContext,
  file: string | undefined,
  flags: EvalFlags,
): Promise<Evaluation> {
  const options = optionsOf(context, flags);
  if (flags.exec) return evaluateSnippet('<cmdline>', file ?? '', options);
  if (file === '-') return evaluateSnippet('<stdin>', await textOf(context.stdin), options);
  if (file !== undefined) return evaluateFile(file, options);
  const { readSource } = await import('../experiment.js');
  const { source } = await readSource(context, flags);
  return source.kind === 'file'
    ? evaluateFile(source.path, options)
    : evaluateSnippet(source.filename, source.text, options);
}

function optionsOf(context: CliContext, flags: EvalFlags): EvaluateOptions {
  // As with the jsonnet command: its own folders come after those of the flags, and of them the first counts most.
  const folders = (context.env.JSONNET_PATH ?? '').split(':').filter((folder) => folder !== '');
  return {
    extVars: {
      ...given(flags.extStr, 'string'),
      ...given(flags.extCode, 'code'),
      ...files(flags.extStrFile, 'importstr'),
      ...files(flags.extCodeFile, 'import'),
    },
    topLevelArgs: {
      ...given(flags.tlaStr, 'string'),
      ...given(flags.tlaCode, 'code'),
      ...files(flags.tlaStrFile, 'importstr'),
      ...files(flags.tlaCodeFile, 'import'),
    },
    importPaths: [...folders.reverse(), ...flags.jpath],
    ...(flags.maxStack === undefined ? {} : { maxStack: flags.maxStack }),
    ...(flags.uuid === undefined ? {} : { literals: { UUID: flags.uuid } }),
    trace: (message, place) => {
      context.stderr.write(`TRACE: ${place.file}:${place.line} ${message}\n`);
    },
  };
}

function given(
  values: Readonly<Record<string, string>>,
  kind: ExternalValue['kind'],
): Record<string, ExternalValue> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { kind, value }]));
}

/** Variables whose values are in files: read when the program wants them. */
function files(
  paths: Readonly<Record<string, string>>,
  keyword: 'import' | 'importstr',
): Record<string, ExternalValue> {
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]) => {
      const value = `${keyword} @'${path.replaceAll("'", "''")}'`;
      return [name, { kind: 'code', value }];
    }),
  );
}
