import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../src/model/event.js';
import { type EventOf, engine, type RunRecord, type Workplace } from '../rig/experiment.js';
import type { EngineWitness, WitnessedContainer } from './engine-witness.js';
import { type ChaosTrial, exitCodeOf, logOf, resultsOf } from './experiment.js';

/** What the run's journal, its folder and the engine are held against, and what may have been done to it. */
export interface Case {
  readonly trials: readonly ChaosTrial[];
  readonly record: RunRecord;
  readonly witness: EngineWitness;
  /** Somebody ended trials: by Ctrl-C or by `combu kill`. */
  readonly ended: 'by itself' | 'stopped' | 'killed';
}

/** Everything that is wrong with a run that has come to its end; empty = nothing. */
export function judgeRun(run: Case): string[] {
  const wrong = judgeJournal(run.record);
  if (wrong.length > 0) return wrong;
  for (const trial of run.trials) {
    wrong.push(...judgeEngine(trial, run), ...judgeAttempts(trial, run), ...judgeEnd(trial, run));
    if (!trial.service) wrong.push(...judgeRetries(trial, run));
  }
  return [...wrong, ...judgeSkipped(run), ...judgeFiles(run)];
}

/** Whole lines, each of them an event, from the run's start to its end. */
function judgeJournal(record: RunRecord): string[] {
  const text = readFileSync(join(record.folder, 'journal.jsonl'), 'utf8');
  if (!text.endsWith('\n')) return ['the journal ends with a torn line'];
  const lines = text.slice(0, -1).split('\n');
  const torn = lines.flatMap((line, index) =>
    isEvent(line) ? [] : [`line ${index + 1} is no event: ${line}`],
  );
  if (torn.length > 0) return torn;
  const types = record.events().map((event) => event.type);
  return [
    ...(types[0] === 'run.started' ? [] : [`the journal begins with ${types[0]}`]),
    ...(types.at(-1) === 'run.ended' ? [] : [`the journal ends with ${types.at(-1)}`]),
  ];
}

function isEvent(line: string): boolean {
  try {
    return (JSON.parse(line) as RunEvent).v === 1;
  } catch {
    return false;
  }
}

/** No attempt has two containers or runs twice, no two attempts run at once, nothing runs after the success. */
function judgeEngine(trial: ChaosTrial, { witness, record, ended }: Case): string[] {
  const wrong: string[] = [];
  const containers = witness.of(trial.name);
  const started = containers.filter((one) => one.starts.length > 0);
  for (const { attempt, starts } of containers) {
    if (starts.length > 1) wrong.push(`attempt ${attempt} was started ${starts.length} times`);
    const same = started.filter((one) => one.attempt === attempt);
    if (same.length > 1) wrong.push(`attempt ${attempt} ran in ${same.length} containers`);
  }
  for (const [index, { attempt, starts }] of started.entries()) {
    const before = started[index - 1];
    if (before === undefined) continue;
    if (before.attempt >= attempt) wrong.push(`attempt ${attempt} came after attempt ${before.attempt}`);
    if (before.died === undefined || before.died.at > starts[0]!) {
      wrong.push(`attempt ${attempt} was started while attempt ${before.attempt} ran`);
    }
  }
  // What ended by itself while nobody supervised, and was killed away before anybody saw it, was killed.
  const ends = record.all('attempt.ended', trial.name);
  const isSeen = ({ attempt }: WitnessedContainer) =>
    ended !== 'killed' || ends.some((end) => end.attempt === attempt);
  const successes = started.filter(
    (one) => isNatural(one, record) && isSeen(one) && one.died?.exitCode === 0,
  );
  if (successes.length > 1) wrong.push(`it succeeded ${successes.length} times`);
  return wrong.map((what) => `${trial.name}: ${what} (engine)`);
}

/** Each attempt that ran has one end in the journal, which is the engine's, and its whole log and results. */
function judgeAttempts(trial: ChaosTrial, run: Case): string[] {
  const { record, witness } = run;
  const wrong: string[] = [];
  const ends = record.all('attempt.ended', trial.name);
  const intended = record.all('attempt.intended', trial.name);
  for (const end of ends) {
    if (ends.filter((one) => one.attempt === end.attempt).length > 1) {
      wrong.push(`attempt ${end.attempt} has several ends in the journal`);
    }
    if (end.outcome === 'lost') wrong.push(`attempt ${end.attempt} was lost: ${end.cause}`);
  }
  for (const { attempt } of intended) {
    if (intended.filter((one) => one.attempt === attempt).length > 1)
      wrong.push(`attempt ${attempt} was intended twice`);
  }
  for (const container of witness.of(trial.name)) {
    const { attempt, starts, died } = container;
    if (!intended.some((one) => one.attempt === attempt)) wrong.push(`attempt ${attempt} was never intended`);
    if (starts.length === 0) continue;
    const end = ends.find((one) => one.attempt === attempt);
    if (end === undefined) {
      if (run.ended !== 'killed') wrong.push(`attempt ${attempt} ran, and has no end in the journal`);
      continue;
    }
    if (died === undefined) wrong.push(`attempt ${attempt} has not ended on the engine`);
    else if (end.exitCode !== null && end.exitCode !== died.exitCode) {
      wrong.push(`attempt ${attempt} ended with ${died.exitCode}, and the journal says ${end.exitCode}`);
    }
    if (isNatural(container, record) && !trial.service) wrong.push(...judgeNatural(trial, end, record));
    else wrong.push(...judgeEnded(trial, end, run));
  }
  return wrong.map((what) => `${trial.name}: ${what}`);
}

/** An attempt that nobody ended came to what it was bound to come to. */
function judgeNatural(trial: ChaosTrial, end: EventOf<'attempt.ended'>, record: RunRecord): string[] {
  const { attempt, outcome, exitCode } = end;
  const wrong: string[] = [];
  const code = exitCodeOf(trial, attempt);
  if (exitCode !== code) wrong.push(`attempt ${attempt} ended with ${exitCode}, not with ${code}`);
  if (outcome !== (code === 0 ? 'succeeded' : 'failed'))
    wrong.push(`attempt ${attempt} is ${outcome}: ${end.cause}`);
  const log = readLog(record, trial.name, attempt);
  const wholeLog = logOf(trial, attempt);
  if (log !== wholeLog)
    wrong.push(`the log of attempt ${attempt} is not whole: ${describeDifference(log, wholeLog)}`);
  if (end.log.bytes !== wholeLog.length || end.log.cut !== null) {
    wrong.push(`the journal says of its log: ${JSON.stringify(end.log)}`);
  }
  const found = JSON.stringify(readFolder(record.results(trial.name, attempt)));
  const wanted = JSON.stringify(resultsOf(trial, attempt));
  if (found !== wanted) wrong.push(`the results of attempt ${attempt} are ${found}, not ${wanted}`);
  return wrong;
}

/** An attempt that somebody ended may have come to its own end at that very moment. */
function judgeEnded(trial: ChaosTrial, end: EventOf<'attempt.ended'>, { ended, record }: Case): string[] {
  const { attempt, outcome } = end;
  const wrong: string[] = [];
  const allowed = trial.service ? ['stopped', 'killed'] : ended === 'by itself' ? [] : ['killed'];
  if (!trial.service) allowed.push(exitCodeOf(trial, attempt) === 0 ? 'succeeded' : 'failed');
  if (!allowed.includes(outcome)) wrong.push(`attempt ${attempt} is ${outcome}: ${end.cause}`);
  const log = readLog(record, trial.name, attempt);
  if (!logOf(trial, attempt).startsWith(log))
    wrong.push(`the log of attempt ${attempt} is not its own: ${log.slice(0, 200)}`);
  return wrong;
}

/** Its state is what its last attempt came to. */
function judgeEnd(trial: ChaosTrial, { record, ended }: Case): string[] {
  const last = record
    .events()
    .filter(
      (event): event is EventOf<'trial.ended'> | EventOf<'trial.skipped'> =>
        (event.type === 'trial.ended' || event.type === 'trial.skipped') && event.trial === trial.name,
    )
    .at(-1);
  if (last === undefined) return [`${trial.name}: has no end in the journal`];
  const attempt = record.all('attempt.ended', trial.name).at(-1);
  if (last.type === 'trial.skipped') return [];
  if (ended !== 'by itself' || trial.service) return [];
  if (attempt === undefined || last.state !== attempt.outcome) {
    return [`${trial.name}: is ${last.state}, though its last attempt is ${attempt?.outcome}`];
  }
  return [];
}

/**
 * A failure is followed by as many attempts as `retries` says, whoever supervised them: counted anew only where the run was
 * resumed after the trial had ended.
 */
function judgeRetries(trial: ChaosTrial, { record, ended }: Case): string[] {
  const wrong: string[] = [];
  let failures = 0;
  let state = 'pending';
  for (const event of record.events()) {
    if (event.type === 'run.started' && state !== 'pending') {
      if (state === 'over') failures = 0;
      continue;
    }
    if (!('trial' in event) || event.trial !== trial.name) continue;
    if (event.type === 'attempt.intended') {
      if (state === 'succeeded') wrong.push(`attempt ${event.attempt} came after the success`);
      if (failures > trial.retries) wrong.push(`attempt ${event.attempt} is one more than retries allow`);
      state = 'under way';
    }
    if (event.type === 'attempt.ended' && event.outcome === 'failed') failures += 1;
    if (event.type === 'trial.skipped') state = 'over';
    if (event.type === 'trial.ended') {
      state = event.state === 'succeeded' ? 'succeeded' : 'over';
      if (event.state === 'failed' && ended === 'by itself' && failures !== trial.retries + 1) {
        wrong.push(`it was given up after ${failures} failures, with ${trial.retries} retries`);
      }
    }
  }
  return wrong.map((what) => `${trial.name}: ${what}`);
}

/** Nobody is skipped but for a dependency that did not come to what it had to. */
function judgeSkipped({ trials, record, ended }: Case): string[] {
  if (ended !== 'by itself') return [];
  const ends = record.ends();
  return trials.flatMap(({ name, depends }) => {
    const failed = depends.filter(
      ({ name: on, condition }) => condition === 'completed' && ends[on] !== 'succeeded',
    );
    const skipped = ends[name]?.startsWith('skipped') === true;
    if (skipped === failed.length > 0) return [];
    return [`${name}: is ${ends[name]}, and depends on ${JSON.stringify(depends)} (${JSON.stringify(ends)})`];
  });
}

const RUN_FILES = [
  'experiment.json',
  'journal.jsonl',
  'logs',
  'plan.json',
  'results',
  'supervisor.key',
  'supervisor.log',
];

/** Nothing is in the run's folder that does not belong there. */
function judgeFiles({ record, trials }: Case): string[] {
  const wrong = readdirSync(record.folder).filter((name) => !RUN_FILES.includes(name));
  const intended = record.all('attempt.intended');
  const logs = new Set(intended.map(({ trial, attempt }) => `${trial}.${attempt}.log`));
  wrong.push(...readdirSync(join(record.folder, 'logs')).filter((name) => !logs.has(name)));
  const names = new Set(trials.map(({ name }) => name));
  const results = join(record.folder, 'results');
  for (const trial of readdirSync(results)) {
    const attempts = intended.filter((event) => event.trial === trial).map((event) => String(event.attempt));
    const strange = readdirSync(join(results, trial)).filter((name) => !attempts.includes(name));
    if (!names.has(trial)) wrong.push(trial);
    wrong.push(...strange.map((name) => `results/${trial}/${name}`));
  }
  return wrong.map((name) => `left in the run's folder: ${name}`);
}

/** What is on the engine is what the journal says is kept for a look; no network stays at all. */
export async function judgeKept(place: Workplace, record: RunRecord): Promise<string[]> {
  const kept = new Map<string, string>();
  for (const event of record.events()) {
    if (event.type === 'attempt.kept') kept.set(event.trial, event.container);
    if (event.type === 'attempt.removed' || event.type === 'attempt.intended') kept.delete(event.trial);
  }
  const there = (await place.containers()).map((one) => [one.Config.Labels['combu.trial']!, one.Id] as const);
  const named = (pairs: Iterable<readonly [string, string]>) =>
    [...pairs]
      .map(([trial, id]) => `${trial} ${id.slice(0, 12)}`)
      .sort()
      .join(', ');
  const networks = await place.networks();
  return [
    ...(named(there) === named(kept)
      ? []
      : [`on the engine: ${named(there)}; kept by the journal: ${named(kept)}`]),
    ...networks.map((name) => `the network ${name} is left`),
  ];
}

/** Nothing of the experiment is anywhere: on the engine, in its state folder beside its runs, among locks and processes. */
export async function judgeNothingLeft(place: Workplace, witness: EngineWitness): Promise<string[]> {
  const wrong: string[] = [];
  for (const one of await place.containers()) wrong.push(`the container ${one.Name} is left`);
  for (const name of await place.networks()) wrong.push(`the network ${name} is left`);
  for (const name of await place.volumes()) wrong.push(`the volume ${name} is left`);
  const { Volumes: volumes } = await engine.listVolumes();
  for (const { Name } of volumes)
    if (witness.volumes.has(Name)) wrong.push(`an anonymous volume is left: ${Name}`);
  if (existsSync(place.path('.combu'))) {
    const strange = readdirSync(place.path('.combu')).filter(
      (name) => name !== 'runs' && name !== '.gitignore',
    );
    wrong.push(...strange.map((name) => `left in the state folder: ${name}`));
  }
  const sockets = readFileSync('/proc/net/unix', 'utf8');
  for (const { id } of place.runs())
    if (sockets.includes(`@combu-run-${id}`)) wrong.push(`the lock of run ${id} is held`);
  return wrong;
}

/** Nobody ended it, nor was about to: what ends by itself after the word came counts as ended by that. */
function isNatural({ signalled, died, trial, attempt }: WitnessedContainer, record: RunRecord): boolean {
  if (died === undefined || signalled) return false;
  return !record.all('attempt.stopping', trial).some((event) => event.attempt === attempt);
}

function readLog(record: RunRecord, trial: string, attempt: number): string {
  try {
    return record.log(trial, attempt);
  } catch {
    return '(no log)';
  }
}

/** Every file below a folder with what is in it, in the order of their names. */
function readFolder(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function describeDifference(found: string, wanted: string): string {
  let same = 0;
  while (same < wanted.length && found[same] === wanted[same]) same += 1;
  const show = (text: string) => JSON.stringify(text.slice(same, same + 80));
  return `${found.length} bytes, not ${wanted.length}; from byte ${same} on ${show(found)}, not ${show(wanted)}`;
}
