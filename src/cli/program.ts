import { Command, Option } from 'commander';
import { register as attach } from './attach.js';
import type { Finish, Register } from './command.js';
import { register as completion } from './completion.js';
import type { CliContext } from './context.js';
import { register as doctor } from './doctor.js';
import { register as evaluate } from './eval.js';
import { register as init } from './init.js';
import { register as kill } from './kill.js';
import { register as logs } from './logs.js';
import { register as plan } from './plan.js';
import { register as ps } from './ps.js';
import { register as results } from './results.js';
import { register as run } from './run.js';
import { register as runs } from './runs.js';
import { register as status } from './status.js';
import { version } from './version.js';
import { register as wait } from './wait.js';

/** In the order in which help lists them: the two that everybody needs first. */
const COMMANDS: readonly Register[] = [
  run,
  kill,
  plan,
  evaluate,
  status,
  ps,
  logs,
  wait,
  attach,
  runs,
  results,
  init,
  doctor,
  completion,
];

const EXAMPLES = `
The two that everybody needs:
  combu -f experiment.jsonnet run     run every trial, as many at a time as the machine can hold
  combu -f experiment.jsonnet kill    stop and remove all of it

More:
  combu run -d                        run in the background; then: combu status, combu logs -f, combu wait
  combu run --resume                  go on with a run that was interrupted
  combu plan                          what a run would do; starts nothing
  combu help run                      everything that a command can do, with examples

The file may stand before the command or after it. Without -f: experiment.jsonnet, then docker/experiment.jsonnet.
`;

/** The whole command line as commander's tree; nothing has been read or done yet. */
export function buildProgram(context: CliContext, finish: Finish): Command {
  const program = new Command('combu')
    .description('Fans an experiment out into containers: one Jsonnet file, as many trials at a time as fit.')
    .usage('[-f FILE] COMMAND [options]')
    .version(version(), '--version', 'print the version')
    .addOption(new Option('-f, --file <file>', 'the experiment file; - reads standard input'))
    .addOption(new Option('--debug', 'show stack traces'))
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .configureHelp({ optionDescription })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => write(`combu: ${text.replace(/^error: /, '')}`),
    })
    .addHelpText('before', `${EXAMPLES.trimStart()}`)
    // After `logs`, -f is its own: what stands behind a command is never the program's.
    .enablePositionalOptions()
    .exitOverride();
  for (const register of COMMANDS) register(program, context, finish);
  return program;
}

/** What help says of a flag: its meaning, then what it may be and what else sets it. */
function optionDescription(option: Option): string {
  const { argChoices, defaultValue, envVar } = option;
  const notes = [
    ...(argChoices === undefined ? [] : [argChoices.join(', ')]),
    ...(typeof defaultValue === 'string' ? [`default: ${defaultValue}`] : []),
    ...(envVar === undefined ? [] : [envVar]),
  ];
  return notes.length === 0 ? option.description : `${option.description} [${notes.join('; ')}]`;
}
