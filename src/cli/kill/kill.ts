import { dirname, join } from 'node:path';
import type { Backend } from '../../backend/backend.js';
import { experimentId } from '../../journal/identity.js';
import { isHeldAnywhere, untilFree, whoHolds } from '../../journal/run-lock.js';
import { listRunEdges, type RunEdges, resolveRun } from '../../journal/state-folder.js';
import { Failure } from '../../model/failure.js';
import { LABEL } from '../../model/labels.js';
import { stuckNetwork } from '../../model/stuck-network.js';
import { visibleText } from '../../util/printable.js';
import { lockPath, type SocketLock, waitForLock } from '../../util/socket-lock.js';
import { callerOf } from '../caller.js';
import { openBackend } from '../compose.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import type { ExperimentFlags } from '../flags.js';
import { refuseOtherHost, type TakeOverFlags } from '../other-host.js';
import {
  type Counts,
  countOwned,
  type Engine,
  type Owned,
  removeOwned,
  removeStarted,
  runsThere,
  type Unremoved,
} from '../removal.js';
import { experimentFile, STATE_FOLDER, stateFolder } from '../state.js';
import { recordCleared } from './record-cleared.js';
import { type Supervisor, tellSupervisors } from './supervisors.js';

export interface KillFlags extends ExperimentFlags, TakeOverFlags {
  readonly run?: string;
  readonly volumes?: true;
  readonly json?: true;
}

/**
 * How long a supervisor that was told may take to end when no container is left to remove (milliseconds). Where the engine
 * has lost count of a network's endpoints, that network alone can take most of a minute.
 */
const SUPERVISOR_TIME = 75_000;
/** How long a run that is about to begin is waited for (milliseconds). */
const TURN_TIME = 10_000;
/** How often is looked for what a supervisor has started meanwhile (milliseconds). */
const LOOK_AGAIN = 300;

/** `combu kill`: the supervisors first, then everything on the engine, then a count of what is left. */
export async function kill(context: CliContext, flags: KillFlags): Promise<ExitCode> {
  const found = await target(context, flags);
  try {
    return await killFound(context, flags, found);
  } finally {
    await found.turn?.release();
  }
}

async function killFound(
  context: CliContext,
  flags: KillFlags,
  { owned, recorded }: Awaited<ReturnType<typeof target>>,
): Promise<ExitCode> {
  const unended = recorded.filter((run) => run.last?.type !== 'run.ended');
  for (const run of unended) await refuseOtherHost(context, run, flags);
  const backend = await openBackend(context);
  const engine = { backend, clock: context.clock };
  try {
    const unrecorded = recorded.length === 0 ? flags.run : undefined;
    if (unrecorded !== undefined) await refuseUnseen(context, backend, unrecorded);
    const before = await countOwned(engine, owned);
    if (unrecorded !== undefined && before.containers + before.networks + before.volumes === 0) {
      context.stderr.write(
        `No run ${unrecorded} is known, neither here nor to the engine. combu runs lists those that are here.\n`,
      );
    }
    const there = await runsThere(engine, owned);
    const held = await tellSupervisors(context.clock, unended);
    for (const { run, pid } of held) if (pid === undefined) context.stderr.write(untold(run.id));
    const early = held.length === 0 ? 0 : await removeWhileHeld(context, engine, owned, held);
    const volumes = flags.volumes === true;
    const { stuck, unremoved, ...late } = await removeOwned(engine, owned, { volumes });
    const kept = new Set(unremoved.map(({ id }) => id));
    for (const run of recorded) {
      if (!there.has(run.id) && !unended.includes(run)) continue;
      const recorded = await recordCleared(context, run, kept);
      if (!recorded && !held.some((one) => one.run === run)) context.stderr.write(await unrecordedEnd(run));
    }
    const left = await countOwned(engine, owned);
    // A supervisor removes its networks itself.
    const networks = Math.max(late.networks, before.networks - left.networks);
    tell(context, flags, { ...late, containers: early + late.containers, networks }, left);
    for (const name of stuck) context.stderr.write(`${stuckNetwork(name)}\n`);
    if (left.containers + left.networks + (volumes ? left.volumes : 0) === 0) return EXIT.ok;
    tellUnremoved(context, unremoved);
    return EXIT.refused;
  } finally {
    await backend.close();
  }
}

/** What is to go, and the runs on record that it belongs to. */
async function target(
  context: CliContext,
  flags: KillFlags,
): Promise<{
  readonly owned: Owned;
  readonly recorded: readonly RunEdges[];
  /** Held, so that no run of the experiment begins meanwhile; undefined = it could not be had. */
  readonly turn?: SocketLock | undefined;
}> {
  const runs = async (experiment?: string) => listRunEdges(await stateOf(context, flags), experiment);
  if (flags.run === undefined) {
    if (flags.file === '-') {
      throw new Failure('What came from standard input can be named by its run only.', {
        owner: 'user',
        fix: 'Write combu kill --run ID; combu runs lists them.',
      });
    }
    const file = await experimentFile(context, flags);
    const experiment = await experimentId(file, context.host, callerOf(context).uid);
    const turn = await takeTurn(context, experiment);
    return { owned: { experiment }, recorded: await runs(experiment), turn };
  }
  const found = await resolveRun(await stateOf(context, flags), flags.run);
  if (found.ok) {
    const { id } = found.value;
    return { owned: { run: id }, recorded: (await runs()).filter((run) => run.id === id) };
  }
  // Its folder may be gone: what it has on the engine carries its whole id.
  return { owned: { run: flags.run }, recorded: [] };
}

/**
 * A run whose record is not in the state folder is killed only where that is nobody else's, and nobody supervises it: a
 * supervisor that is not told takes what goes for lost, and starts it anew.
 */
async function refuseUnseen(context: CliContext, backend: Backend, run: string): Promise<void> {
  const theirs = (await backend.list({ [LABEL.run]: run })).filter((one) => one.ours !== undefined);
  const { uid, root } = callerOf(context);
  const foreign = theirs.find(({ ours }) => ours?.owner !== undefined && ours.owner !== String(uid));
  if (foreign !== undefined && !root) {
    throw new Failure(`Run ${run} is another user's (uid ${foreign.ours?.owner}).`, {
      owner: 'refused',
      fix: 'Ask them to end it.',
    });
  }
  if ((await isHeldAnywhere(run)) !== true) return;
  const file = theirs[0]?.labels[LABEL.file];
  const folder = file === undefined ? 'DIR' : join(dirname(file), STATE_FOLDER);
  throw new Failure(`Run ${run} has a supervisor, whose record is not here.`, {
    owner: 'refused',
    fix: `Name the folder of that: combu kill --run ${run} --state ${folder}`,
  });
}

/**
 * Waits until no run of the experiment is about to begin: its supervisor could not be told yet, and would take what goes for
 * failures. One that asks its user something is not waited for.
 */
async function takeTurn(context: CliContext, experiment: string): Promise<SocketLock | undefined> {
  const taking = waitForLock(lockPath(`combu-start-${experiment}`));
  const patience = new AbortController();
  const late = context.clock.sleep(TURN_TIME, patience.signal).then(() => undefined);
  const turn = await Promise.race([taking, late]);
  patience.abort();
  if (turn === undefined) void taking.then((lock) => lock.release());
  return turn;
}

/** The state folder; the one of the current folder where there is no experiment file. */
async function stateOf(context: CliContext, flags: KillFlags): Promise<string> {
  if (flags.file !== undefined || flags.state !== undefined) return stateFolder(context, flags);
  try {
    return await stateFolder(context, flags);
  } catch (error) {
    if (error instanceof Failure) return stateFolder(context, { file: '-' });
    throw error;
  }
}

/** Removes containers while supervisors come to their end; returns how many. */
async function removeWhileHeld(
  context: CliContext,
  engine: Engine,
  owned: Owned,
  held: readonly Supervisor<RunEdges>[],
): Promise<number> {
  let removed = 0;
  let since = context.clock.now();
  // They are tried again when the supervisor, which tries it too, has ended.
  const spared = new Set<string>();
  for (;;) {
    const { removed: now, unremoved } = await removeStarted(engine, owned, spared);
    removed += now;
    for (const { id } of unremoved) spared.add(id);
    const timer = new AbortController();
    void context.clock.sleep(LOOK_AGAIN).then(() => timer.abort());
    const free = await Promise.all(held.map(({ run }) => untilFree(run, timer.signal)));
    if (free.every((one) => one)) return removed;
    if (now > 0) since = context.clock.now();
    if (context.clock.now() - since > SUPERVISOR_TIME) {
      const names = held
        .filter((_, index) => free[index] === false)
        .map(({ run, pid }) => (pid === undefined ? run.id : `${run.id} (process ${pid})`));
      context.stderr.write(`The supervisor of run ${names.join(', ')} does not end; it may hang.\n`);
      return removed;
    }
  }
}

/** Word that was not answered may be heard yet: then the run ends. */
function untold(run: string): string {
  return (
    `The supervisor of run ${run} does not answer. Should it go on, and start again what is removed here, end its ` +
    'process and kill again.\n'
  );
}

/** Why a run is not recorded as ended, although nothing supervises it. */
async function unrecordedEnd(run: RunEdges): Promise<string> {
  const holder = await whoHolds(run);
  const who = holder === undefined ? 'another process' : `${holder.doing ?? 'combu'} (process ${holder.pid})`;
  const fix = run.last?.type === 'run.ended' ? '' : ' Kill again when that has ended.';
  return `What was removed of run ${run.id} is not on its record, which ${who} holds.${fix}\n`;
}

function tell(context: CliContext, flags: KillFlags, removed: Counts, left: Counts): void {
  if (flags.json === true) {
    context.stdout.write(`${JSON.stringify({ schema: 'combu/kill/v1', removed, left })}\n`);
    return;
  }
  context.stdout.write(`removed ${phrase(removed)}\n${phrase(left)} left\n`);
}

/** So many things that stay are named. */
const NAMED = 10;

function tellUnremoved(context: CliContext, unremoved: readonly Unremoved[]): void {
  const lines = unremoved
    .slice(0, NAMED)
    .map(({ kind, name, why }) => `The ${kind} ${name} stays: ${why.message}`);
  if (unremoved.length > NAMED) lines.push(`${unremoved.length - NAMED} more stay.`);
  if (lines.length > 0) lines.push('combu kill tries them again.');
  context.stderr.write(lines.map((line) => `${visibleText(line)}\n`).join(''));
}

/** `2 containers, 1 network`; volumes only where there are some. */
function phrase({ containers, networks, volumes }: Counts): string {
  const parts = [plural(containers, 'container'), plural(networks, 'network')];
  if (volumes > 0) parts.push(plural(volumes, 'volume'));
  return parts.join(', ');
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
