import { runPaths } from '../../journal/run-paths.js';
import type { RunFolder } from '../../journal/state-folder.js';
import type { RunEvent } from '../../model/event.js';
import { fold, isEnded, newRunState, type RunState } from '../../model/run-state.js';
import { palette } from '../../report/text/palette.js';
import { columnsOf } from '../../report/text/width.js';
import { commandName } from '../command-name.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { DisplayFlags } from '../flags.js';
import { chooseRunTrials } from '../looking/choose-trials.js';
import { chooseRun, type RunChoice, seeRun } from '../looking/run-choice.js';
import { watchRun } from '../looking/watch-run.js';
import { wantsColor } from '../terminal.js';
import { type LogForm, labelText, logOutput } from './log-output.js';
import { LogSource, tailPosition } from './log-source.js';

export interface LogsFlags extends RunChoice, Pick<DisplayFlags, 'color'> {
  readonly follow?: true;
  /** Lines of each log. */
  readonly tail?: number;
  readonly attempt?: number;
  readonly json?: true;
}

/** `combu logs`: from the run's log files, while it goes on and after; the engine is not asked. */
export async function logs(
  context: CliContext,
  words: readonly string[],
  flags: LogsFlags,
): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  const seen = await seeRun(run, context.host);
  const { state, standing } = seen;
  const names = await chooseRunTrials(words, seen);
  const reader = new LogReader(context, run, names, flags);
  if (flags.follow === true && standing === 'running') {
    await follow(context, run, reader);
    return EXIT.ok;
  }
  const without = await reader.readAll(state);
  if (names.length === 1 && without.length === 1)
    context.stderr.write(
      `${names[0]!} has no log${flags.attempt === undefined ? ' yet' : ' of this attempt'}.\n`,
    );
  if (flags.follow === true && standing === 'elsewhere') {
    context.stderr.write(
      `Run ${run.id} was started on ${state.host}: whether it goes on can't be known from here, so its logs are not followed.\n`,
    );
  } else if (flags.follow === true && state.outcome === null) {
    context.stderr.write(
      `Nobody supervises run ${run.id}, so nobody reads its logs. Go on with it: ${commandName(flags)} run --resume ${run.id}\n`,
    );
  }
  return EXIT.ok;
}

/** Milliseconds between looks at the files that grow. */
const POLL = 250;

/** Hands on what the trials write until they or their run have ended. */
async function follow(context: CliContext, run: RunFolder, reader: LogReader): Promise<void> {
  const state = newRunState();
  const stop = new AbortController();
  let over = false;
  const watching = watchRun(
    run,
    { host: context.host, signal: stop.signal },
    {
      past(events) {
        events.reduce(fold, state);
        reader.begin(state);
      },
      event(event) {
        fold(state, event);
        reader.onEvent(event);
      },
    },
  ).finally(() => {
    over = true;
  });
  while (!over) {
    await reader.read();
    if (reader.isDone(state)) stop.abort();
    await Promise.race([watching, context.clock.sleep(POLL)]);
  }
  await watching;
  await reader.finish();
}

interface OpenLog {
  readonly trial: string;
  readonly source: Promise<LogSource>;
  /** Nothing will be added to the file. */
  ended: boolean;
}

/** The chosen trials' logs, each read on from where it was left off. */
class LogReader {
  readonly #context: CliContext;
  readonly #run: RunFolder;
  readonly #names: ReadonlyMap<string, number>;
  readonly #flags: LogsFlags;
  readonly #form: LogForm;
  readonly #columns: number;
  /** By label. */
  readonly #open = new Map<string, OpenLog>();

  constructor(context: CliContext, run: RunFolder, names: readonly string[], flags: LogsFlags) {
    this.#context = context;
    this.#run = run;
    this.#names = new Map(names.map((name, index) => [name, index]));
    this.#flags = flags;
    const terminal = context.stdout.isTTY === true;
    this.#form = flags.json === true ? 'json' : names.length > 1 ? 'named' : terminal ? 'lines' : 'bytes';
    this.#columns = names.reduce((most, name) => Math.max(most, columnsOf(name)), 0);
  }

  /** All logs one after the other, in the trials' order; returns the names of trials that have none. */
  async readAll(state: RunState): Promise<string[]> {
    const without: string[] = [];
    for (const name of this.#names.keys()) {
      const attempt = this.#flags.attempt ?? state.trials.get(name)?.attempt ?? 0;
      const source = attempt > 0 ? await this.#source(name, attempt) : undefined;
      await source?.read();
      await source?.end();
      if (source === undefined || !source.wasThere) without.push(name);
    }
    return without;
  }

  /** Begins with the latest attempts. */
  begin(state: RunState): void {
    for (const name of this.#names.keys()) {
      const trial = state.trials.get(name);
      if (trial === undefined || trial.attempt === 0) continue;
      const attempt = this.#flags.attempt ?? trial.attempt;
      const live = trial.state === 'starting' || trial.state === 'running';
      this.#add(name, attempt, !(live && attempt === trial.attempt));
    }
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'attempt.intended':
        if (!this.#names.has(event.trial)) return;
        if (this.#flags.attempt === undefined || this.#flags.attempt === event.attempt)
          this.#add(event.trial, event.attempt, false);
        return;
      case 'trial.ended':
      case 'trial.retrying':
        // An attempt's log is whole on disk before its end is written, and these come after that.
        for (const open of this.#open.values()) if (open.trial === event.trial) open.ended = true;
    }
  }

  async read(): Promise<void> {
    for (const [label, open] of [...this.#open]) {
      const { ended } = open;
      const source = await open.source;
      await source.read();
      if (!ended) continue;
      await source.end();
      this.#open.delete(label);
    }
  }

  async finish(): Promise<void> {
    for (const open of this.#open.values()) open.ended = true;
    await this.read();
  }

  /** Nothing is to come: every chosen trial has ended for good, and its log has been read. */
  isDone(state: RunState): boolean {
    if (this.#open.size > 0) return false;
    return [...this.#names.keys()].every((name) => isEnded(state.trials.get(name)?.state ?? 'pending'));
  }

  #add(trial: string, attempt: number, ended: boolean): void {
    this.#open.set(labelText(trial, attempt), { trial, source: this.#source(trial, attempt), ended });
  }

  async #source(trial: string, attempt: number): Promise<LogSource> {
    const path = runPaths.log(this.#run.folder, trial, attempt);
    const paint = palette(wantsColor(this.#flags.color, this.#context.env, this.#context.stdout));
    const output = logOutput(this.#context.stdout, this.#form, {
      trial,
      attempt,
      columns: this.#columns,
      paint: paint.nth(this.#names.get(trial) ?? 0),
    });
    const position = this.#flags.tail === undefined ? 0 : await tailPosition(path, this.#flags.tail);
    return new LogSource(path, output, position);
  }
}
