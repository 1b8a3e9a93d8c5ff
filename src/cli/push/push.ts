import { openFileJournal } from '../../journal/file-journal.js';
import type { Journal } from '../../journal/journal.js';
import { readRunState } from '../../journal/read-run.js';
import { holdRun } from '../../journal/run-lock.js';
import type { RunFolder } from '../../journal/state-folder.js';
import type { NewRunEvent } from '../../model/event.js';
import { Failure } from '../../model/failure.js';
import type { RunState } from '../../model/run-state.js';
import { plural } from '../../report/text/amounts.js';
import { attemptId, attemptsOf } from '../../results/attempts-of.js';
import { printableLine } from '../../util/printable.js';
import { formatSize } from '../../util/size.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import { chooseRun, type RunChoice } from '../looking/run-choice.js';
import { refuseOtherHost, type TakeOverFlags } from '../other-host.js';
import { bucketsOf, endedAttempts, openPusher, STORE_WAIT, storeEvent } from '../run/keep-results.js';
import { ownerOf } from '../run/record.js';
import { chooseStore, type OpenStore, openChosen, whyOutOfReach } from '../store.js';

export interface PushFlags extends RunChoice, TakeOverFlags {
  readonly store?: string;
  /** Milliseconds. */
  readonly storeWait?: number;
  readonly json?: true;
}

/** What came of it. */
interface Pushed {
  /** Objects and bytes that were not stored before. */
  readonly stored: number;
  readonly bytes: number;
  /** Objects that were. */
  readonly before: number;
  /** Files that are still not stored. */
  readonly missing: number;
  /** Attempts whose end is not in the journal: what they may still write was left alone. */
  readonly unended: number;
  /** Files that the store or combu refused, and why. */
  readonly refused: ReadonlyMap<string, string>;
  /** What stands in the way of the others, or of the run's own record. */
  readonly trouble: string | null;
}

/** `combu push`: stores what a run's supervisor has not; under the run's lock, so never beside a supervisor. */
export async function push(context: CliContext, flags: PushFlags): Promise<ExitCode> {
  const run = await chooseRun(context, flags);
  await refuseOtherHost(context, run, flags);
  const owner = ownerOf(context);
  const lock = await holdRun(run, { pid: context.pid, owner, doing: 'combu push' }, () => {});
  if (lock === undefined) {
    throw new Failure(`Run ${run.id} still goes on, and stores its results itself.`, {
      owner: 'refused',
      fix: `How far it is: combu status --run ${run.id}`,
    });
  }
  try {
    const state = await readRunState(run.folder);
    const known = state.results;
    const chosen = chooseStore(
      context,
      flags.store,
      known === null ? undefined : { ...known, store: known.address },
    );
    if (chosen === undefined) {
      throw new Failure(`Run ${run.id} has no store: its results are in ${run.folder}.`, {
        owner: 'user',
        fix: 'Name one: combu push --store s3://bucket/prefix, or a folder',
      });
    }
    const store = await openChosen(context, chosen);
    try {
      const pushed = await pushRun(context, flags, { run, state, store: { chosen, store } });
      tell(context, flags, run, store.name, pushed);
      const all = pushed.missing === 0 && pushed.unended === 0 && pushed.trouble === null;
      return all ? EXIT.ok : EXIT.unstored;
    } finally {
      await store.close();
    }
  } finally {
    await lock.release();
  }
}

async function pushRun(
  context: CliContext,
  flags: PushFlags,
  { run, state, store }: { readonly run: RunFolder; readonly state: RunState; readonly store: OpenStore },
): Promise<Pushed> {
  const why = await whyOutOfReach(context, store.store);
  if (why !== undefined) {
    throw new Failure(why.endsWith('.') ? why : `${why}.`, {
      owner: 'refused',
      fix: 'Nothing was sent. Mend that and call it again, or name another store with --store.',
    });
  }
  const { folder } = run;
  const { clock } = context;
  const owner = ownerOf(context);
  const journal = await openFileJournal(folder, { clock, owner });
  const ended = new Set((await endedAttempts(folder)).map(attemptId));
  const isOver = (attempt: Parameters<typeof attemptId>[0]) =>
    state.outcome !== null || ended.has(attemptId(attempt));
  const hurry = new AbortController();
  const listening = [
    context.onSignal('SIGINT', () => hurry.abort()),
    context.onSignal('SIGTERM', () => hurry.abort()),
  ];
  const events: NewRunEvent[] = [];
  const patience = flags.storeWait ?? STORE_WAIT;
  const buckets = await bucketsOf(context, folder, store.chosen);
  const onDiskFull = () =>
    void context.stderr.write(
      `The disk of ${printableLine(folder)} is full: combu waits until there is room.\n`,
    );
  const order = { folder, owner, clock, journal, store, isOver, patience, buckets, onDiskFull };
  const pusher = await openPusher(order, (event) => void events.push(event));
  const { objects, bytes } = pusher.stored;
  try {
    const missing = await pusher.over(hurry.signal);
    const now = pusher.stored;
    const news = now.objects !== objects || missing !== (state.results?.waiting ?? 0);
    const before = state.results?.trouble ?? null;
    if (news || before !== null || state.exitCode === EXIT.unstored) {
      const told = [storeEvent(store.chosen), ...events];
      if (missing === 0) told.push({ type: 'results.trouble', message: null });
      await record(journal, state, told, missing > 0);
    }
    const trouble = (await pusher.finish()) ?? null;
    if (trouble !== null && missing === 0) {
      await record(journal, state, [{ type: 'results.trouble', message: trouble }], true);
    }
    const unended = (await attemptsOf(folder)).filter((attempt) => !isOver(attempt)).length;
    const stored = now.objects - objects;
    const { refused } = pusher;
    return { stored, bytes: now.bytes - bytes, before: objects, missing, unended, refused, trouble };
  } finally {
    for (const end of listening) end();
    await pusher.close();
    await journal.close();
  }
}

/** What has changed; and the run's end once more, for that is a journal's last line, with the exit code as it is now. */
async function record(
  journal: Journal,
  { outcome, exitCode }: RunState,
  events: readonly NewRunEvent[],
  unstored: boolean,
): Promise<void> {
  for (const event of events) await journal.append(event);
  if (outcome === null) return;
  const durable = exitCode === null || exitCode === EXIT.ok || exitCode === EXIT.unstored;
  const code = durable ? (unstored ? EXIT.unstored : EXIT.ok) : exitCode;
  await journal.append({ type: 'run.ended', outcome, exitCode: code }, { sync: true });
}

/** So many refused files are named. */
const NAMED = 3;

function tell(context: CliContext, flags: PushFlags, run: RunFolder, store: string, pushed: Pushed): void {
  const { stored, bytes, before, missing, unended, refused, trouble } = pushed;
  if (flags.json === true) {
    const document = {
      schema: 'combu/push/v1',
      run: run.id,
      store,
      stored,
      bytes,
      before,
      missing,
      unended,
      refused: [...refused].map(([file, why]) => ({ file, why })),
      trouble,
    };
    context.stdout.write(`${JSON.stringify(document)}\n`);
    return;
  }
  const lines = [
    `${plural(stored, 'object')} stored (${formatSize(bytes)}), ${before} before, in ${store}`,
    ...(missing === 0 ? [] : [`${plural(missing, 'result')} not stored yet`]),
    ...(trouble === null ? [] : [trouble]),
    ...[...refused].slice(0, NAMED).map(([file, why]) => `  ${file}: ${why}`),
    ...(refused.size > NAMED ? [`  and ${refused.size - NAMED} more`] : []),
    ...(unended === 0
      ? []
      : [
          `${plural(unended, 'attempt')} had not ended when combu was last there: go on with the run, and the rest of their results is stored: combu run --resume ${run.id}`,
        ]),
  ];
  context.stderr.write(lines.map((line) => `${printableLine(line)}\n`).join(''));
}
