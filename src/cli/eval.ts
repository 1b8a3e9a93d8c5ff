import type { Register } from './command.js';
import { EXIT } from './errors.js';
import { type ExperimentFlags, experimentFlags, type JsonnetFlags, jsonnetFlags } from './flags.js';

const EXAMPLES = `
Examples:
  combu eval                              the experiment as JSON
  combu -f other.jsonnet eval
  combu eval --tla-str mode=fast          with an argument of the file's function
  combu eval --uuid abcdefghijkl          with UUID replaced, as a run would have it

Ends with 1 for any fault, as the jsonnet command does.
`;

export const register: Register = (program, context, finish) => {
  const command = program
    .command('eval')
    .description('print the experiment as JSON, as the jsonnet command would')
    .option('--uuid <id>', 'replace UUID by this (default: leave it)')
    .addHelpText('after', EXAMPLES);
  experimentFlags(jsonnetFlags(command, context.env)).action(
    async (flags: ExperimentFlags & JsonnetFlags & { readonly uuid?: string }) => {
      const { evaluateFile, evaluateSnippet, JsonnetError } = await import('../jsonnet/index.js');
      const { readSource, values } = await import('./experiment.js');
      const { source } = await readSource(context, flags);
      const how = {
        extVars: values(flags.extStr, flags.extCode),
        topLevelArgs: values(flags.tlaStr, flags.tlaCode),
        importPaths: flags.jpath,
        ...(flags.uuid === undefined ? {} : { literals: { UUID: flags.uuid } }),
      };
      try {
        const evaluation =
          source.kind === 'file'
            ? evaluateFile(source.path, how)
            : evaluateSnippet(source.filename, source.text, how);
        context.stdout.write(evaluation.json());
        finish(EXIT.ok);
      } catch (error) {
        if (!(error instanceof JsonnetError)) throw error;
        context.stderr.write(`${error.formatted()}\n`);
        finish(EXIT.trials);
      }
    },
  );
};
