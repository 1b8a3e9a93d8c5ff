import type { RunOrder, RunPorts, RunResult } from '../../exec/execute.js';
import { executeRun } from '../../exec/execute-run.js';
import { openFileJournal } from '../../journal/file-journal.js';
import { realPathOf } from '../../journal/identity.js';
import type { Journal } from '../../journal/journal.js';
import { readRunState } from '../../journal/read-run.js';
import { type HolderRequest, holdRun, isHeldAnywhere } from '../../journal/run-lock.js';
import { createRunFolder, type RunFolder } from '../../journal/state-folder.js';
import type { NewRunEvent } from '../../model/event.js';
import { Failure } from '../../model/failure.js';
import { storedRun } from '../../results/stored-run.js';
import { callerOf } from '../caller.js';
import { logScale } from '../compose.js';
import type { CliContext, ExitCode } from '../context.js';
import { amidRun } from '../errors.js';
import { recordCleared } from '../kill/record-cleared.js';
import { removeOwned } from '../removal.js';
import { version } from '../version.js';
import { runDisks } from './disks.js';
import type { RunFlags } from './flags.js';
import { openResults } from './keep-results.js';
import { removeLeftShared } from './last-out.js';
import type { Prepared } from './prepare.js';
import { moveOutput, ownerOf, writePlan, writeRecord } from './record.js';
import { RunDisplay } from './show.js';
import { enforceDeadline, listenToSignals, Stopping } from './signals.js';

/** Becomes the run's supervisor, and is it until the run's end. */
export async function supervise(context: CliContext, flags: RunFlags, prepared: Prepared): Promise<ExitCode> {
  const supervisor = new Supervisor(context, flags, prepared);
  const signals = listenToSignals(context, supervisor.stopping, () => supervisor.display.drop());
  context.onOutputLost(() => supervisor.display.drop());
  try {
    // Whoever leaves at once leaves everything open: the process ends with it.
    const end = await Promise.race([supervisor.hold(), signals.left]);
    return typeof end === 'number' ? end : end.exitCode;
  } finally {
    signals.close();
  }
}

class Supervisor {
  readonly stopping = new Stopping();
  readonly display: RunDisplay;
  #begun = false;

  constructor(
    private readonly context: CliContext,
    private readonly flags: RunFlags,
    private readonly prepared: Prepared,
  ) {
    this.display = new RunDisplay(context, flags);
  }

  /** Holds the run's lock while the run goes on. */
  async hold(): Promise<RunResult> {
    const { context, prepared, stopping } = this;
    const owner = ownerOf(context);
    const { run } = prepared.plan;
    const folder =
      prepared.resumed ?? (await createRunFolder(prepared.stateDir, run, context.clock.now(), owner));
    const lock = await holdRun(folder, { pid: context.pid, owner }, (request) => obey(request, stopping));
    if (lock === undefined) {
      throw new Failure(`Run ${run} has another supervisor by now.`, {
        owner: 'refused',
        fix: `See it with: combu attach --run ${run}`,
      });
    }
    try {
      if (context.background !== undefined) await moveOutput(context.background, folder.folder, owner);
      await writeRecord(folder.folder, prepared, owner);
      await this.#clearOthers();
      const result = await this.#execute(folder);
      await this.#leaveNetworks();
      return result;
    } catch (error) {
      throw this.#begun ? amidRun(error) : error;
    } finally {
      await lock.release();
    }
  }

  /** What ended runs left on the engine goes, volumes excepted; and all of an interrupted run that is not to be continued. */
  async #clearOthers(): Promise<void> {
    const { backend, plan, clear } = this.prepared;
    const engine = { backend, clock: this.context.clock };
    const { containers, networks } = plan.basis.observed;
    const there = new Set([...containers.map((one) => one.ours?.run), ...networks.map((one) => one.run)]);
    for (const run of clear) {
      if (there.has(run.id)) {
        const { unremoved } = await removeOwned(engine, { run: run.id }, { volumes: false });
        if (unremoved[0] !== undefined) throw unremoved[0].why;
      }
      if (there.has(run.id) || run.standing === 'interrupted') await recordCleared(this.context, run);
    }
  }

  /** A network that stays is no fault of the run, whose end is in its journal by now. */
  async #leaveNetworks(): Promise<void> {
    const { backend, plan } = this.prepared;
    try {
      await removeLeftShared(backend, plan, isHeldAnywhere);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  async #execute(folder: RunFolder): Promise<RunResult> {
    const { context, flags, prepared, display, stopping } = this;
    const resuming = prepared.resumed !== undefined;
    const order: RunOrder = {
      ...(await this.#order(folder, resuming ? await readRunState(folder.folder) : undefined)),
      onReplanned: (plan) => writePlan(folder.folder, plan, ownerOf(context)),
    };
    const onDiskFull = () => void journal.append(diskFull(prepared.stateDir)).catch(() => {});
    const journal: Journal = await openFileJournal(folder.folder, {
      clock: context.clock,
      owner: ownerOf(context),
      onDiskFull,
    });
    journal.onEvent((event) => {
      display.onEvent(event);
      // At the event after the first: then that one is in the journal, for whoever looks.
      if (event.type === 'run.started' || this.#begun) return;
      this.#begun = true;
      void prepared.turn.release();
      context.background?.began(folder);
    });
    const over = new AbortController();
    const results = await openResults(context, flags, prepared, folder.folder, { journal, onDiskFull });
    try {
      display.begin(prepared.plan, folder.folder, resuming ? await readRunState(folder.folder) : undefined);
      if (flags.deadline !== undefined) {
        void enforceDeadline(context.clock, flags.deadline, stopping, over.signal);
      }
      return await results.complete(await executeRun(order, this.#ports(journal, results.sink), stopping));
    } finally {
      over.abort();
      await results.close();
      display.finish();
      await journal.close();
    }
  }

  #ports(journal: Journal, results: RunPorts['results']): RunPorts {
    const { context, flags, prepared } = this;
    const disks = runDisks(prepared.stateDir, prepared.plan, flags.reserveDisk);
    return { backend: prepared.backend, journal, clock: context.clock, disks, results };
  }

  async #order(folder: RunFolder, previous: RunOrder['previous']): Promise<RunOrder> {
    const { context, flags, prepared } = this;
    const { read, plan } = prepared;
    const caller = callerOf(context);
    return {
      plan,
      identity: {
        experiment: prepared.experimentId,
        file: await realPathOf(prepared.file),
        owner: String(caller.uid),
        run: plan.run,
      },
      version: version(),
      host: context.host,
      comment: flags.message,
      secrets: read.secrets,
      storeEnv: ofRun(prepared.storeEnv, folder),
      keep: flags.keep ?? read.experiment.keep,
      halt: flags.halt ?? read.experiment.halt,
      caller,
      logScale: logScale(flags),
      previous,
      sample: prepared.sample,
      settings: prepared.settings,
      resuming: prepared.resuming,
    };
  }
}

/** It is shown at once, and recorded when there is room. */
function diskFull(folder: string): NewRunEvent {
  const message = `The disk of ${folder} is full: what runs goes on, and combu waits until there is room.`;
  return { type: 'run.warning', message };
}

/** What others ask of this supervisor. */
function obey(request: HolderRequest, stopping: Stopping): void {
  switch (request.type) {
    case 'stop':
      stopping.ask('interrupted', request.force);
      return;
    case 'kill':
      stopping.ask('killed', true);
      return;
  }
}

/** Trials that store their results themselves put them below the run's name in the store. */
function ofRun(storeEnv: Prepared['storeEnv'], { folder }: RunFolder): Readonly<Record<string, string>> {
  return storeEnv === undefined ? {} : { ...storeEnv, COMBU_RUN_FOLDER: storedRun(folder) };
}
