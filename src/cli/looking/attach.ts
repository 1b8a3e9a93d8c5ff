import { fold, newRunState } from '../../model/run-state.js';
import { countStates, formatCounts } from '../../report/counts.js';
import { runTitle } from '../../report/notable.js';
import { createReporter } from '../../report/reporter.js';
import { palette } from '../../report/text/palette.js';
import { commandName } from '../command-name.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags } from '../flags.js';
import { reporterKind, wantsColor, wantsUnicode } from '../terminal.js';
import { chooseRun, type RunChoice } from './run-choice.js';
import { shownPath } from './shown-path.js';
import { watchRun } from './watch-run.js';

export interface AttachFlags extends RunChoice, DisplayFlags {}

/** What a shell makes of a program that SIGINT ended. */
const INTERRUPTED = 130;

/**
 * `combu attach`: the display of a run that another process supervises. What it shows is the command's data where it is
 * JSON, so that goes to standard output. Ends with the run's exit code.
 */
export async function attach(context: CliContext, flags: AttachFlags): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  const kind = reporterKind(flags.progress, context.env, context.stderr);
  const color = wantsColor(flags.color, context.env, context.stderr);
  const command = commandName(flags);
  const state = newRunState();
  const reporter = createReporter(kind, kind === 'json' ? context.stdout : context.stderr, {
    clock: context.clock,
    color,
    unicode: wantsUnicode(context.env),
    folder: shownPath(context.cwd, run.folder),
    command,
    state,
  });
  const leave = new AbortController();
  const unlisten = context.onSignal('SIGINT', () => leave.abort());
  try {
    const seen = await watchRun(
      run,
      { host: context.host, signal: leave.signal },
      {
        past(events) {
          // Programs want every event, people how it stands.
          if (kind === 'json') return events.forEach((event) => void reporter.onEvent(event));
          events.reduce(fold, state);
          if (kind !== 'plain' || state.startedAt === '' || state.outcome !== null) return;
          const counts = formatCounts(countStates(state, 'running', 'batch'));
          context.stderr.write(`${runTitle(state)}\n${counts}\n`);
        },
        event: (event) => reporter.onEvent(event),
      },
    );
    reporter.finish();
    if (seen.standing === 'running') {
      context.stderr.write(
        `${palette(color).bold(`Run ${run.id} goes on.`)} Look again: ${command} attach; stop it: ${command} kill --run ${run.id}\n`,
      );
      return INTERRUPTED;
    }
    if (seen.standing === 'elsewhere') {
      context.stderr.write(
        `Run ${run.id} was started on ${seen.state.host}: how it stands can't be known from here.\n`,
      );
    } else if (seen.state.outcome === null) {
      context.stderr.write(
        `Nobody supervises run ${run.id} any more. Go on with it: ${command} run --resume ${run.id}\n`,
      );
    }
    return seen.state.exitCode ?? EXIT.trials;
  } finally {
    reporter.finish();
    unlisten();
  }
}
