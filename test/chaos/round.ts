import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Random } from '../fuzz/random.js';
import type { Ended } from '../rig/child.js';
import { startProxy } from '../rig/engine-proxy.js';
import { type RunRecord, type Underway, Workplace } from '../rig/experiment.js';
import { asUser, give, type OrdinaryUser } from '../rig/ordinary-user.js';
import { EngineWitness } from './engine-witness.js';
import { type ChaosTrial, makeTrials, write } from './experiment.js';
import { chooseMoment, describeMoment, type Moment, strikeAt } from './moment.js';
import { type Case, judgeKept, judgeNothingLeft, judgeRun } from './verdict.js';

/** What happens to the runs of one round. */
type Doing =
  /** The supervisor is killed by SIGKILL, once at each moment, and the run is resumed after each. */
  | { readonly kind: 'dies'; readonly detached: boolean; readonly moments: readonly Moment[] }
  /** Ctrl-C or SIGTERM, so many times in a row, and the run is resumed. */
  | { readonly kind: 'is interrupted'; readonly moments: readonly Moment[]; readonly times: number }
  /** `combu kill`, so many at once; `orphan`: of a run whose supervisor has died. */
  | {
      readonly kind: 'is killed';
      readonly moment: Moment;
      readonly kills: number;
      readonly orphan: boolean;
      readonly resumed: boolean;
    }
  /** A second run of the same file begins at the moment. */
  | { readonly kind: 'meets a second run'; readonly moment: Moment }
  /** A run of another file, one of whose trials has the same name, begins at the moment. */
  | { readonly kind: 'meets a namesake'; readonly moment: Moment };

/** One experiment and what happens to it, all of it chosen by the seed. */
export interface Round {
  readonly seed: number;
  readonly trials: readonly ChaosTrial[];
  readonly doing: Doing;
  /** Run by somebody who may use the engine and is not root: results come by another way then. */
  readonly ordinary: boolean;
}

export function planRound(seed: number): Round {
  const random = new Random(seed);
  const doing = random.weighted<() => Doing>([
    [60, () => dies(random, false)],
    [15, () => dies(random, true)],
    [
      9,
      () => ({
        kind: 'is interrupted',
        moments: moments(random),
        times: random.weighted([[60, 1] as const, [25, 2], [15, 3]]),
      }),
    ],
    [
      8,
      () => ({
        kind: 'is killed',
        moment: chooseMoment(random),
        kills: random.between(1, 2),
        orphan: random.chance(0.3),
        resumed: random.chance(0.5),
      }),
    ],
    [4, () => ({ kind: 'meets a second run', moment: chooseMoment(random) })],
    [4, () => ({ kind: 'meets a namesake', moment: chooseMoment(random) })],
  ])();
  return { seed, doing, trials: makeTrials(random, `chaos-${seed}`), ordinary: random.chance(0.4) };
}

function dies(random: Random, detached: boolean): Doing {
  return { kind: 'dies', detached, moments: moments(random) };
}

function moments(random: Random): Moment[] {
  const count = random.weighted([[55, 1] as const, [30, 2], [15, 3]]);
  return Array.from({ length: count }, () => chooseMoment(random));
}

/** `seed 17: dies after 12 lines of journal`. */
export function describeRound({ seed, trials, doing, ordinary }: Round): string {
  const who = ordinary ? ' of an ordinary user' : '';
  return `seed ${seed}: of ${trials.length} trials${who}, ${describeDoing(doing)}`;
}

function describeDoing(doing: Doing): string {
  switch (doing.kind) {
    case 'dies':
      return `${doing.detached ? 'run -d' : 'run'} dies ${doing.moments.map(describeMoment).join(', then ')}`;
    case 'is interrupted':
      return `run is interrupted (${doing.times}) ${doing.moments.map(describeMoment).join(', then ')}`;
    case 'is killed': {
      const what = `${doing.orphan ? 'run, dead,' : 'run'} is killed${doing.kills > 1 ? ' twice at once' : ''}`;
      return `${what} ${describeMoment(doing.moment)}${doing.resumed ? ', and resumed' : ''}`;
    }
    case 'meets a second run':
    case 'meets a namesake':
      return `run ${doing.kind} ${describeMoment(doing.moment)}`;
  }
}

/**
 * Plays a round; gives everything that is wrong afterwards, and what was done. `user`: the ordinary one, where there is one
 * besides whoever runs the tests.
 */
export async function playRound(
  round: Round,
  user: OrdinaryUser | undefined,
): Promise<{ readonly wrong: string[]; readonly told: string }> {
  const table = await Table.lay(round, round.ordinary ? user : undefined);
  try {
    const wrong = await table.play();
    return { wrong, told: table.told() };
  } finally {
    await table.clear();
  }
}

type Proxy = Awaited<ReturnType<typeof startProxy>>;

/** A round being played. */
class Table {
  readonly #told: string[] = [];
  readonly #other: Workplace | undefined;

  private constructor(
    private readonly round: Round,
    private readonly place: Workplace,
    other: Workplace | undefined,
    private readonly proxy: Proxy,
    private readonly witness: EngineWitness,
    private readonly user: OrdinaryUser | undefined,
  ) {
    this.#other = other;
  }

  static async lay(round: Round, user: OrdinaryUser | undefined): Promise<Table> {
    const place = new Workplace();
    const other = round.doing.kind === 'meets a namesake' ? new Workplace() : undefined;
    place.write('experiment.jsonnet', write(round.trials));
    const files = [place, ...(other === undefined ? [] : [other])].map((one) =>
      one.path('experiment.jsonnet'),
    );
    const proxy = await startProxy();
    if (user !== undefined) {
      for (const one of [place, other]) if (one !== undefined) give(one.folder, user);
      const socket = proxy.address.replace('unix://', '');
      chmodSync(dirname(socket), 0o755);
      chmodSync(socket, 0o666);
    }
    return new Table(round, place, other, proxy, await EngineWitness.begin(files), user);
  }

  async clear(): Promise<void> {
    for (const place of [this.place, this.#other]) {
      if (place === undefined) continue;
      for (const pid of combusOf(place)) hit(pid, 'SIGKILL');
      await place.dispose();
    }
    await this.proxy.stop();
    this.witness.end();
  }

  /** Commands with their ends, and every journal: for whoever looks into what went wrong. */
  told(): string {
    const journals = [this.place, this.#other]
      .flatMap((place) => place?.runs() ?? [])
      .map((record) => join(record.folder, 'journal.jsonl'))
      // One that died at its very beginning has none.
      .map((journal) => (existsSync(journal) ? readFileSync(journal, 'utf8') : ''));
    return [...this.#told, write(this.round.trials), ...journals].join('\n');
  }

  async play(): Promise<string[]> {
    const { doing } = this.round;
    switch (doing.kind) {
      case 'dies':
        return this.#dies(doing);
      case 'is interrupted':
        return this.#interrupted(doing);
      case 'is killed':
        return this.#killed(doing);
      case 'meets a second run':
        return this.#secondRun(doing.moment);
      case 'meets a namesake':
        return this.#namesake(doing.moment);
    }
  }

  async #dies({ detached, moments }: Extract<Doing, { kind: 'dies' }>): Promise<string[]> {
    for (const moment of moments) {
      const run = this.#start(this.#nextRun(detached ? ['-d'] : []));
      const launcher = detached ? run.process.pid : undefined;
      const gone = run.ended.then(() => untilNobodyRuns(this.place));
      await strikeAt(moment, this.#at(), gone, () => {
        const pids = combusOf(this.place).filter((pid) => pid !== launcher);
        for (const pid of pids) hit(pid, 'SIGKILL');
        return pids.length > 0;
      });
      await this.#ended(run);
      await gone;
    }
    return this.#resumeToTheEnd('by itself');
  }

  async #interrupted({ moments, times }: Extract<Doing, { kind: 'is interrupted' }>): Promise<string[]> {
    for (const moment of moments) {
      const run = this.#start(this.#nextRun([]));
      for (let time = 1; time <= times; time++) {
        const again: Moment = time === 1 ? moment : { at: 'clock', ms: 50 };
        await strikeAt(again, this.#at(), run.ended, () =>
          run.process.kill(time % 2 === 1 ? 'SIGINT' : 'SIGTERM'),
        );
      }
      await this.#ended(run);
    }
    return this.#resumeToTheEnd('stopped');
  }

  async #killed(doing: Extract<Doing, { kind: 'is killed' }>): Promise<string[]> {
    const run = this.#start(['run']);
    const strike = () => (doing.orphan ? run.process.kill('SIGKILL') : true);
    await strikeAt(doing.moment, this.#at(), run.ended, strike);
    if (doing.orphan) await run.ended;
    const kills = Array.from({ length: doing.kills }, () => this.#start(['kill']));
    const wrong: string[] = [];
    for (const kill of kills) {
      const { code, stdout } = await this.#ended(kill);
      if (code !== 0 || !/^0 containers, 0 networks(, 1 volume)? left$/m.test(stdout)) {
        wrong.push(`kill ended with ${code}: ${stdout}`);
      }
    }
    const ended = await this.#ended(run);
    // It may have come before the run was known: then that one goes on, or begins, as if nothing had been.
    const [record] = this.place.runs();
    const outcome = record?.all('run.ended').at(-1)?.outcome;
    if (record === undefined || outcome === undefined) {
      if (!doing.orphan) wrong.push(`the run has no end; it said: ${ended.stderr}`);
      return [...wrong, ...(doing.orphan ? await this.#resumeToTheEnd('killed') : [])];
    }
    await this.witness.settle();
    wrong.push(...judgeRun(this.#case(record, outcome === 'killed' ? 'killed' : 'by itself')));
    if (outcome === 'killed') {
      if (!doing.orphan && ended.code !== 137) wrong.push(`run ended with ${ended.code}`);
      for (const one of await this.place.containers()) wrong.push(`the container ${one.Name} is left`);
      for (const name of await this.place.networks()) wrong.push(`the network ${name} is left`);
    }
    if (wrong.length > 0) return wrong;
    return doing.resumed ? this.#resumeToTheEnd('killed') : this.#clearAway();
  }

  /** One of them runs, and the other is refused with a reason; or it came when the first had ended. */
  async #secondRun(moment: Moment): Promise<string[]> {
    const first = this.#start(['run']);
    await strikeAt(moment, this.#at(), first.ended, () => true);
    const second = this.#start(['run']);
    const ends = [await this.#ended(first), await this.#ended(second)];
    const wrong = ends.flatMap(({ code, stderr }) => {
      if (code === 0 || code === 1) return [];
      const refused = /Nothing was started:[\s\S]*run \w+ of this experiment is still going on/.test(stderr);
      return code === 3 && refused ? [] : [`a run ended with ${code}: ${stderr}`];
    });
    await this.witness.settle();
    const records = this.place.runs();
    const began = ends.filter(({ code }) => code !== 3).length;
    if (began === 0) wrong.push('none of them ran');
    if (records.length !== began) wrong.push(`${began} ran, and there are ${records.length} runs`);
    if (records.length === 1) wrong.push(...judgeRun(this.#case(records[0]!, 'by itself')));
    else for (const record of records) wrong.push(...judgeAlone(record));
    return [...wrong, ...(await this.#clearAway())];
  }

  /** Each goes its way, but for a clear word about the name; nothing of one is ever touched by the other. */
  async #namesake(moment: Moment): Promise<string[]> {
    const other = this.#other!;
    const name = this.round.trials[0]!.name;
    const theirs = makeTrials(new Random(this.round.seed + 1), `${name}-other`).map((trial, index) =>
      index === 0 ? { ...trial, name } : { ...trial, depends: [] },
    );
    other.write('experiment.jsonnet', write(theirs));
    const first = this.#start(['run']);
    await strikeAt(moment, this.#at(), first.ended, () => true);
    const second = this.#start(['run'], other);
    const wrong: string[] = [];
    for (const [place, run] of [
      [this.place, first],
      [other, second],
    ] as const) {
      const { code, stderr } = await this.#ended(run);
      const [record] = place.runs();
      if (code === 3) {
        if (!stderr.includes(`the name ${name} is taken by`)) wrong.push(`refused, and said: ${stderr}`);
        if (record !== undefined) wrong.push('was refused, and has a run');
        continue;
      }
      if (record === undefined || (code !== 0 && code !== 1)) {
        wrong.push(`a run ended with ${code}: ${stderr}`);
        continue;
      }
      wrong.push(...judgeAlone(record));
      for (const end of record.all('attempt.ended')) {
        if (end.outcome === 'lost' || end.outcome === 'killed')
          wrong.push(`${end.trial} is ${end.outcome}: ${end.cause}`);
        if (end.startedAt === null && !/name .* is (taken|still held)/.test(end.cause)) {
          wrong.push(`${end.trial} did not start: ${end.cause}`);
        }
      }
    }
    const { code, stdout } = await this.#ended(this.#start(['kill', '--volumes'], other));
    if (code !== 0) wrong.push(`kill ended with ${code}: ${stdout}`);
    return [...wrong, ...(await this.#clearAway())];
  }

  /** As a user would: what was begun is resumed, and what never began is begun. */
  #nextRun(flags: readonly string[]): string[] {
    const began = this.place.runs().some((record) => readJournal(record).includes('\n'));
    return ['run', ...(began ? ['--resume'] : []), ...flags];
  }

  async #resumeToTheEnd(how: Case['ended']): Promise<string[]> {
    const end = await this.#ended(this.#start(this.#nextRun([])));
    await this.witness.settle();
    const records = this.place.runs().filter((one) => readJournal(one).includes('\n'));
    const [record] = records;
    if (record === undefined || records.length > 1)
      return [`there are ${records.length} runs: ${end.stderr}`];
    const wrong = judgeRun(this.#case(record, how));
    const states = Object.values(record.ends());
    const well = states.every((state) => state === 'succeeded' || state === 'stopped');
    if (end.code !== (well ? 0 : 1)) wrong.push(`ended with ${end.code}: ${end.stderr}`);
    if (record.all('run.ended').at(-1)?.exitCode !== end.code)
      wrong.push('the journal has another exit code');
    wrong.push(...(await judgeKept(this.place, record)));
    return [...wrong, ...(await this.#clearAway())];
  }

  async #clearAway(): Promise<string[]> {
    const { code, stdout } = await this.#ended(this.#start(['kill', '--volumes']));
    const wrong = code === 0 ? [] : [`kill ended with ${code}: ${stdout}`];
    return [...wrong, ...(await judgeNothingLeft(this.place, this.witness))];
  }

  #start(args: readonly string[], place = this.place): Underway {
    this.#told.push(`${new Date().toISOString()} combu ${args.join(' ')}`);
    const env = { DOCKER_HOST: this.proxy.address, HOME: place.folder };
    return place.start(args, { env, as: this.user === undefined ? [] : asUser(this.user) });
  }

  async #ended(run: Underway): Promise<Ended> {
    const ended = await run.ended;
    const how = ended.code ?? run.process.signalCode;
    this.#told.push(`${new Date().toISOString()} ended with ${how}\n${ended.stdout}${ended.stderr}`);
    return ended;
  }

  #case(record: RunRecord, ended: Case['ended']): Case {
    return { trials: this.round.trials, record, witness: this.witness, ended };
  }

  #at(): Parameters<typeof strikeAt>[1] {
    return { runs: this.place.path('.combu', 'runs'), proxy: this.proxy };
  }
}

/** A run that another one shared the engine with: every attempt has one end. */
function judgeAlone(record: RunRecord): string[] {
  const ends = record.all('attempt.ended').map(({ trial, attempt }) => `${trial}.${attempt}`);
  const twice = ends.filter((key, index) => ends.indexOf(key) !== index);
  return twice.map((key) => `${key} has several ends in the journal`);
}

function readJournal(record: RunRecord): string {
  try {
    return readFileSync(join(record.folder, 'journal.jsonl'), 'utf8');
  } catch {
    return '';
  }
}

/** Processes of combu that work in a place. */
function combusOf(place: Workplace): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (readlinkSync(`/proc/${name}/cwd`) !== place.folder) return [];
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('/dist/cli/main.js')
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}

async function untilNobodyRuns(place: Workplace): Promise<void> {
  while (combusOf(place).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

function hit(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
