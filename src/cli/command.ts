import type { Command } from 'commander';
import type { CliContext, ExitCode } from './context.js';

/** Told once, by the action that ran, what the process shall end with. */
export type Finish = (code: ExitCode) => void;

/**
 * Adds one command to the program. Modules that do so are imported at every start, so they import no heavy thing
 * (dockerode, zod, jsonnet, report) but inside their actions.
 */
export type Register = (program: Command, context: CliContext, finish: Finish) => void;
