import { readFile } from 'node:fs/promises';
import type { RunResult } from '../../exec/execute.js';
import type { Journal } from '../../journal/journal.js';
import { readEvents } from '../../journal/read-run.js';
import { runPaths } from '../../journal/run-paths.js';
import type { Owner } from '../../journal/state-folder.js';
import type { NewRunEvent } from '../../model/event.js';
import { type BucketStore, finishSpools } from '../../results/finish-spool.js';
import { ManifestBook } from '../../results/manifest-book.js';
import type { AttemptKey, ResultsSink } from '../../results/results-port.js';
import { RunPusher } from '../../results/run-pusher.js';
import { SpoolSink } from '../../results/spool-sink.js';
import { storedRun } from '../../results/stored-run.js';
import type { ObjectStore, StoreError } from '../../store/object-store.js';
import type { Clock } from '../../util/clock.js';
import type { CliContext } from '../context.js';
import { EXIT } from '../errors.js';
import { type ChosenStore, type OpenStore, openChosen } from '../store.js';
import type { RunFlags } from './flags.js';
import type { Prepared } from './prepare.js';
import { ownerOf } from './record.js';

/** How long a store that takes nothing is waited for at the end, unless `--store-wait` says otherwise (milliseconds). */
export const STORE_WAIT = 60_000;

/** What pushing a run's results needs to know. */
export interface ResultsOrder {
  /** The run's folder. */
  readonly folder: string;
  readonly owner: Owner | undefined;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly store: OpenStore;
  readonly isOver: (attempt: AttemptKey) => boolean;
  /** Milliseconds. */
  readonly patience: number;
  /** Whole buckets of the server, where trials may write to it themselves; only combu's own endpoint is ever spoken to. */
  readonly buckets: BucketStore | undefined;
  /** Called when the disk with the run's folder becomes full, which is then waited for. */
  readonly onDiskFull: () => void;
}

/** What becomes of a run's results beside its supervisor's work. */
export interface KeptResults {
  readonly sink: ResultsSink;
  /** The run's end is in its journal: what the store has of that is made complete. The result may be another then. */
  complete(result: RunResult): Promise<RunResult>;
  close(): Promise<void>;
}

/** Opens it for a run that is about to begin or to go on; at the run's first event it begins. */
export async function openResults(
  context: CliContext,
  flags: Pick<RunFlags, 'storeWait'>,
  { store }: Pick<Prepared, 'store'>,
  folder: string,
  { journal, onDiskFull }: Pick<ResultsOrder, 'journal' | 'onDiskFull'>,
): Promise<KeptResults> {
  const { clock } = context;
  if (store === undefined) {
    const sink = openSpoolSink({ folder, clock, journal, buckets: undefined });
    return { sink, complete: async (result) => result, close: async () => {} };
  }
  const patience = flags.storeWait ?? STORE_WAIT;
  // In `over` nothing runs any more.
  const owner = ownerOf(context);
  const buckets = await bucketsOf(context, folder, store.chosen);
  const order = { folder, owner, clock, journal, store, isOver: () => true, patience, buckets, onDiskFull };
  const sink = await openPusher(order, (event) => void journal.append(event).catch(() => {}));
  const ending = journal.onEvent((event) => {
    if (event.type !== 'run.started') return;
    ending();
    // After all listeners have heard of the run's beginning.
    queueMicrotask(() => beginPushing(sink, order));
  });
  return {
    sink,
    complete: (result) => complete(sink, journal, result),
    close: () => sink.close(),
  };
}

/** A record in the store that lacks the run's end would tell that it was interrupted. */
async function complete(sink: RunPusher, journal: Journal, result: RunResult): Promise<RunResult> {
  const why = await sink.finish();
  if (why === undefined || result.exitCode !== EXIT.ok) return result;
  const unstored = { ...result, exitCode: EXIT.unstored };
  await journal.append({ type: 'results.trouble', message: why });
  // The last line of a journal is the run's end.
  await journal.append({ type: 'run.ended', ...unstored }, { sync: true });
  return unstored;
}

/** Opens what pushes a run's results; `note` takes what the journal shall know. */
export async function openPusher(
  order: ResultsOrder,
  note: (event: NewRunEvent) => void,
): Promise<RunPusher> {
  const { folder, clock, store, isOver, patience } = order;
  const { address } = store.chosen;
  return new RunPusher({
    folder,
    run: storedRun(folder),
    store: store.store,
    bucket: address.kind === 's3' ? address.bucket : null,
    prefix: address.kind === 's3' ? address.prefix : '',
    bucketStore: order.buckets,
    book: await ManifestBook.open(folder, order),
    clock,
    note,
    finishSpool: (attempt) => finishSpool(order, attempt),
    isOver,
    patience,
  });
}

/** For a run whose results go nowhere else: what trials that died left in their spools comes into their folders. */
export function openSpoolSink(
  order: Pick<ResultsOrder, 'folder' | 'clock' | 'journal' | 'buckets'>,
): ResultsSink {
  return new SpoolSink(order.folder, (attempt) => finishSpool(order, attempt));
}

/** Notes where the results go, and begins with what earlier supervisors of the run left. */
export function beginPushing(pusher: RunPusher, { folder, journal, store }: ResultsOrder): void {
  void journal.append(storeEvent(store.chosen)).catch(() => {});
  pusher.begin();
  void endedAttempts(folder).then((ended) => ended.forEach((attempt) => void pusher.ended(attempt)));
}

/** For the journal: where a run's results go. */
export function storeEvent({ address, text }: ChosenStore): NewRunEvent {
  const server = address.kind === 's3' ? address : undefined;
  const endpoint = server?.endpoint ?? null;
  return { type: 'results.store', address: text, endpoint, region: server?.region ?? null };
}

/** Attempts whose end is in the journal. */
export async function endedAttempts(folder: string): Promise<readonly AttemptKey[]> {
  return (await readEvents(folder)).flatMap((event) =>
    event.type === 'attempt.ended' ? [{ trial: event.trial, attempt: event.attempt }] : [],
  );
}

/**
 * What trials upload themselves lies in buckets of their own choice. undefined = the run's file does not let them: then
 * nothing that they write may make combu reach further than its own store.
 */
export async function bucketsOf(
  context: CliContext,
  folder: string,
  chosen: ChosenStore,
): Promise<BucketStore | undefined> {
  const { address } = chosen;
  if (address.kind !== 's3' || !(await isDirect(folder))) return undefined;
  const open = new Map<string, Promise<ObjectStore>>();
  return (bucket) => {
    const store =
      open.get(bucket) ?? openChosen(context, { ...chosen, address: { ...address, bucket, prefix: '' } });
    open.set(bucket, store);
    return store;
  };
}

async function isDirect(folder: string): Promise<boolean> {
  const text = await readFile(runPaths.experiment(folder), 'utf8').catch(() => '{}');
  const { results } = JSON.parse(text) as { results?: { direct?: boolean } | null };
  return results?.direct === true;
}

async function finishSpool(
  { folder, clock, journal, buckets }: Pick<ResultsOrder, 'folder' | 'clock' | 'journal' | 'buckets'>,
  { trial, attempt }: AttemptKey,
): Promise<StoreError | undefined> {
  const results = runPaths.attemptResults(folder, trial, attempt);
  const { arrived, left } = await finishSpools(results, clock, buckets);
  if (arrived > 0) await journal.settleResults(trial, attempt);
  return left;
}
