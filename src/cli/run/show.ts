import type { RunEvent } from '../../model/event.js';
import type { RunState } from '../../model/run-state.js';
import { describeServices } from '../../plan/describe.js';
import type { Plan } from '../../plan/plan.js';
import { createReporter, type Reporter } from '../../report/reporter.js';
import { commandName } from '../command-name.js';
import type { CliContext } from '../context.js';
import { shownPath } from '../looking/shown-path.js';
import { reporterKind, wantsColor, wantsUnicode } from '../terminal.js';
import type { RunFlags } from './flags.js';

/** What a run shows of itself; can be dropped at any time, when nobody looks any more. */
export class RunDisplay {
  #reporter: Reporter | undefined;
  #dropped = false;

  constructor(
    private readonly context: CliContext,
    private readonly flags: RunFlags,
  ) {}

  /** `known`: the state so far of a run that is continued; the display folds on in it. */
  begin(plan: Plan, folder: string, known: RunState | undefined): void {
    if (this.#dropped) return;
    const { context, flags } = this;
    const kind = flags.json === true ? 'json' : reporterKind(flags.progress, context.env, context.stderr);
    if (kind === 'plain' || kind === 'tty') {
      for (const line of describeServices(plan)) context.stderr.write(`${line}\n`);
    }
    // What programs read is data; the rest is for people.
    this.#reporter = createReporter(kind, kind === 'json' ? context.stdout : context.stderr, {
      clock: context.clock,
      color: wantsColor(flags.color, context.env, context.stderr),
      unicode: wantsUnicode(context.env),
      folder: shownPath(context.cwd, folder),
      command: commandName(flags),
      ...(known === undefined ? {} : { state: known }),
    });
  }

  onEvent(event: RunEvent): void {
    this.#reporter?.onEvent(event);
  }

  finish(): void {
    this.#reporter?.finish();
  }

  /** The terminal is gone: the run goes on unseen. */
  drop(): void {
    this.#dropped = true;
    this.#reporter?.finish();
    this.#reporter = undefined;
  }
}
