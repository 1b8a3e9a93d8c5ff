import { CommanderError } from 'commander';
import type { CliContext, ExitCode } from './context.js';
import { describeError, EXIT, exitCodeOf } from './errors.js';
import { buildProgram } from './program.js';
import { verbFirst } from './verb-order.js';

/** Runs one command line to its end; never throws: whatever goes wrong is told on standard error. */
export async function runCommand(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  try {
    const program = buildProgram(context, (end) => {
      code = end;
    });
    await program.parseAsync([...verbFirst(withoutDebug(argv), program)], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    context.stderr.write(describeError(error, argv.includes('--debug')));
    return exitCodeOf(error);
  }
}

/** `--debug` may stand anywhere before `--`, and is no command's own. */
function withoutDebug(argv: readonly string[]): readonly string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.filter((word, index) => word !== '--debug' || index > end);
}
