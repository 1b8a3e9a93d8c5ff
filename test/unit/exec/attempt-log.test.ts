import { describe, expect, it } from 'vitest';
import type { Backend, LogChunk } from '../../../src/backend/backend.js';
import { MemoryBackend } from '../../../src/backend/memory/memory-backend.js';
import { type LogHole, LogKeeper } from '../../../src/exec/attempt-log.js';
import { EngineLink } from '../../../src/exec/engine-link.js';
import type { AttemptLog } from '../../../src/journal/journal.js';
import { Failure } from '../../../src/model/failure.js';
import { systemClock } from '../../../src/util/clock.js';
import { FakeClock } from '../../../src/util/fake-clock.js';

interface Line {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** Milliseconds. */
  readonly time: number;
}

const iso = (time: number) => new Date(time).toISOString();
/** When containers end. */
const END = iso(100_000);

/** An engine's log of one container; each line is a chunk of its own. */
class EngineLog {
  lines: Line[] = [];
  /** How many lines a stream that follows gives before it ends by itself. */
  streamed = Number.POSITIVE_INFINITY;
  /** Which lines, by their time, a stream that follows jumps over. */
  jumped: (time: number) => boolean = () => false;
  /** Lines before this time are gone but for whom they were streamed to. */
  oldest = 0;
  /** When the container started. */
  startedAt = 0;
  /** It answers nothing but this any more. */
  fault: Failure | undefined;
  /** Awaited before each answer begins. */
  delay: Promise<void> = Promise.resolve();

  add(text: string, time = this.lines.length, stream: Line['stream'] = 'stdout'): void {
    this.lines.push({ text, time, stream });
  }

  async *logs(_container: string, options: Parameters<Backend['logs']>[1]): AsyncGenerator<LogChunk> {
    const { follow, since, tailBytes } = options;
    await this.delay;
    if (this.fault !== undefined) throw this.fault;
    let chosen = this.lines.filter((line) => since === undefined || iso(line.time) > since);
    if (follow) chosen = chosen.slice(0, this.streamed).filter(({ time }) => !this.jumped(time));
    else chosen = chosen.filter(({ time }) => time >= this.oldest);
    if (tailBytes !== undefined) {
      chosen = chosen.filter((_, index) => index >= chosen.length - linesOf(tailBytes));
    }
    for (const { stream, text, time } of chosen) {
      yield { stream, bytes: new TextEncoder().encode(text), from: iso(time), to: iso(time) };
    }
  }
}

/** How many lines of ten bytes make up so many. */
const linesOf = (bytes: number) => Math.ceil(bytes / 10);

class LogFile implements AttemptLog {
  readonly lastWrite = iso(50);
  constructor(public text = '') {}
  get size(): number {
    return this.text.length;
  }
  async write(bytes: Uint8Array): Promise<void> {
    this.text += new TextDecoder().decode(bytes);
  }
  async beginning(bytes: number): Promise<Uint8Array> {
    return new TextEncoder().encode(this.text.slice(0, bytes));
  }
  async truncate(bytes: number): Promise<void> {
    this.text = this.text.slice(0, bytes);
  }
  async close(): Promise<void> {}
}

function keep(log: EngineLog, scale = 1, before = '', holes: readonly LogHole[] = []) {
  const startedAt = iso(log.startedAt);
  const file = new LogFile(before);
  const told = { lost: () => {}, back: () => {} };
  // What it tells the time for lies before all lines: they are written after the log was first looked at.
  const clock = { ...systemClock, now: () => -1 };
  const engine = new EngineLink(log as unknown as Backend, clock, told);
  return { file, keeper: new LogKeeper(engine, 'c', file, clock, { scale, startedAt, holes: () => holes }) };
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${String(from + index).padStart(4, '0')}\n`);

describe('the log of an attempt', () => {
  it('has what a stream lacked that ended before the last lines came', async () => {
    const log = new EngineLog();
    log.add('first\n');
    log.add('second, without an end');
    log.streamed = 1;
    const { file, keeper } = keep(log);
    keeper.follow();
    await keeper.finish(END);
    expect(file.text).toBe('first\nsecond, without an end');
    expect(keeper.lastLine).toBe('second, without an end');
    expect(keeper.result).toEqual({ bytes: 28, cut: null });
  });

  it('has each line once when a stream begins while a look still goes on', async () => {
    const log = new EngineLog();
    log.add('once\n');
    let answer = () => {};
    log.delay = new Promise((resolve) => {
      answer = resolve;
    });
    const { file, keeper } = keep(log);
    const look = keeper.catchUp();
    keeper.follow();
    answer();
    await look;
    await keeper.finish(END);
    expect(file.text).toBe('once\n');
  });

  it('has each line once when both streams stand in another order than that of their times', async () => {
    const log = new EngineLog();
    log.add('error\n', 20, 'stderr');
    log.add('output\n', 10);
    const { file, keeper } = keep(log);
    keeper.follow();
    await keeper.finish(END);
    expect(file.text).toBe('error\noutput\n');
  });

  it('is streamed once at a time, also after an outage through which the stream was quiet', async () => {
    const clock = new FakeClock();
    const backend = new MemoryBackend(clock);
    let [opened, open] = [0, 0];
    // Like a container that writes nothing: only its signal ends the stream.
    backend.logs = async function* (_container, { signal }) {
      [opened, open] = [opened + 1, open + 1];
      await new Promise<void>((resolve) =>
        signal!.addEventListener('abort', () => resolve(), { once: true }),
      );
      open -= 1;
    };
    const engine = new EngineLink(backend, clock, { lost: () => {}, back: () => {} });
    const keeper = new LogKeeper(engine, 'c', new LogFile(), clock, {
      scale: 1,
      startedAt: undefined,
    });
    keeper.follow();
    await clock.advance(1_000);
    for (const seen of [1, 2, 3]) {
      expect({ opened, open }).toEqual({ opened: seen, open: 1 });
      backend.goDown(0);
      const asking = engine.call((asked) => asked.list({}));
      await clock.advance(10_000);
      backend.comeBack();
      await clock.run(asking);
      await clock.advance(5_000);
    }
    await clock.run(keeper.finish(undefined));
    expect({ opened, open }).toEqual({ opened: 4, open: 0 });
  });

  // At this scale the head holds four lines of 10 bytes (each weighs 110 of 503), the tail 167 bytes.
  const SCALE = 1e-5;

  it('says what was cut between head and tail, in one line', async () => {
    const log = new EngineLog();
    for (const text of numbered(1, 100)) log.add(text);
    const { file, keeper } = keep(log, SCALE);
    keeper.follow();
    await keeper.finish(END);
    const cut = `[combu: what was written from ${iso(3)} to ${iso(83)} was cut]\n`;
    expect(file.text).toBe([...numbered(1, 4), cut, ...numbered(84, 100)].join(''));
    expect(keeper.result.cut).toEqual({ from: iso(3), to: iso(83) });
  });

  it('says, for one that an earlier supervisor began and whose beginning the engine has dropped, from when on', async () => {
    const log = new EngineLog();
    for (const text of numbered(1, 200)) log.add(text);
    log.oldest = 60;
    const head = numbered(1, 5).join('');
    const { file, keeper } = keep(log, SCALE, head);
    await keeper.takeUp();
    await keeper.finish(END);
    const cut = `[combu: what was written from ${iso(50)} to ${iso(183)} was cut]\n`;
    expect(file.text).toBe([head, cut, ...numbered(184, 200)].join(''));
  });

  it('that an earlier supervisor began is read anew where the engine still has all of it', async () => {
    const log = new EngineLog();
    for (const text of numbered(1, 16)) log.add(text);
    const told = `[combu: what was written from ${iso(2)} to ${iso(2)} may be missing: the engine was away]\n`;
    const { file, keeper } = keep(log, SCALE, `line 0001\nline 0002\n${told}`);
    await keeper.takeUp();
    keeper.follow();
    await keeper.finish(END);
    expect(file.text).toBe(numbered(1, 16).join(''));
    expect(keeper.result.cut).toBeNull();
  });

  it('says what may be missing where the engine can’t give the rest', async () => {
    const log = new EngineLog();
    log.add('first\n');
    const { file, keeper } = keep(log);
    await keeper.catchUp();
    log.fault = new Failure('no such container', { owner: 'refused', status: 404 });
    await keeper.finish(END);
    expect(file.text).toBe(
      `first\n[combu: what was written after ${iso(0)} may be missing: the engine could not give it]\n`,
    );
    expect(keeper.lastLine).toBe('first');
    expect(keeper.result).toEqual({ bytes: file.text.length, cut: { from: iso(0), to: END } });
  });

  it('says nothing of it where the container goes because its run is killed', async () => {
    const log = new EngineLog();
    log.add('first\n');
    const { file, keeper } = keep(log);
    await keeper.catchUp();
    log.fault = new Failure('no such container', { owner: 'refused', status: 404 });
    await keeper.finish(END, true);
    expect(file.text).toBe('first\n');
    expect(keeper.result.cut).toBeNull();
  });

  it('says so, too, when the engine has dropped all but a short rest', async () => {
    const log = new EngineLog();
    for (const text of numbered(1, 100)) log.add(text);
    const { file, keeper } = keep(log, SCALE);
    await keeper.catchUp();
    log.lines = log.lines.slice(95);
    await keeper.finish(END);
    const cut = `[combu: what was written from ${iso(3)} to ${iso(95)} was cut]\n`;
    expect(file.text).toBe([...numbered(1, 4), cut, ...numbered(96, 100)].join(''));
  });

  describe('of a flood, whose stream jumped over lines', () => {
    /** A line each millisecond, of which the stream lacks those from 300 to 899; the last is written after the jump. */
    const jump = (oldest: number): EngineLog => {
      const log = new EngineLog();
      for (const text of numbered(0, 999)) log.add(text);
      log.jumped = (time) => time >= 300 && time < 900;
      log.oldest = oldest;
      return log;
    };
    it('is whole when the engine still has all of it, however little was taken', async () => {
      const { file, keeper } = keep(jump(0));
      keeper.follow();
      await keeper.finish(END);
      expect(file.text).toBe(numbered(0, 999).join(''));
      expect(keeper.result.cut).toBeNull();
    });

    it('has its true head when that was full only after the jump', async () => {
      // The head of 50,331 holds 457 lines, each of which weighs 110; the tail of 16,777 bytes is 1,678 lines.
      const log = jump(0);
      for (const text of numbered(1_000, 4_999)) log.add(text);
      const { file, keeper } = keep(log, 0.001);
      keeper.follow();
      await keeper.finish(END);
      const cut = `[combu: what was written from ${iso(456)} to ${iso(3_322)} was cut]\n`;
      expect(file.text).toBe([...numbered(0, 456), cut, ...numbered(3_322, 4_999)].join(''));
      expect(keeper.result.cut).toEqual({ from: iso(456), to: iso(3_322) });
    });

    it('says what is missing, and that more may be, when the engine has dropped its head', async () => {
      // Places to cut back to are 786 bytes apart: 79 lines.
      const { file, keeper } = keep(jump(700), 0.004);
      keeper.follow();
      await keeper.finish(END);
      const cut = `[combu: what was written from ${iso(236)} to ${iso(700)} was cut, and lines before this may be missing: the engine had dropped them before they were read]\n`;
      expect(file.text).toBe([...numbered(0, 236), cut, ...numbered(700, 999)].join(''));
      expect(keeper.result).toEqual({
        bytes: file.text.length,
        cut: { from: iso(0), to: iso(700) },
      });
    });

    it('says so as well where its head was full by then', async () => {
      const log = jump(700);
      const { file, keeper } = keep(log, 0.0008);
      keeper.follow();
      await keeper.finish(END);
      // 366 lines of 110 in 40,265: 300 and, after the jump, 66.
      const doubt =
        '[combu: lines before this may be missing: the engine had dropped them before they were read]\n';
      expect(file.text).toBe(
        [...numbered(0, 299), ...numbered(900, 965), doubt, ...numbered(966, 999)].join(''),
      );
      expect(keeper.result.cut).toEqual({ from: iso(0), to: iso(966) });
    });

    it('says so where nobody looked before so much was there', async () => {
      const log = new EngineLog();
      log.oldest = Number.NEGATIVE_INFINITY;
      for (const text of numbered(0, 999)) log.add(text, log.lines.length - 10_000);
      for (const [startedAt, doubtful] of [
        [-20_000, true],
        // As a flood begins that nobody has missed the beginning of.
        [-10_100, false],
      ] as const) {
        log.startedAt = startedAt;
        const { file, keeper } = keep(log, 0.0008);
        await keeper.catchUp();
        await keeper.finish(END);
        expect(file.text.includes('[combu: lines before this may be missing')).toBe(doubtful);
      }
    });
  });

  describe('of a container that outlived its engine', () => {
    const said = (from: number, to: number) =>
      `[combu: what was written from ${iso(from)} to ${iso(to)} may be missing: the engine was away]\n`;

    it('says once and in its place when nobody took what it wrote', async () => {
      const log = new EngineLog();
      log.add('before\n', 10);
      const holes: LogHole[] = [];
      const { file, keeper } = keep(log, 1, '', holes);
      await keeper.catchUp();
      holes.push({ from: 20, to: 40 });
      log.add('after\n', 38);
      await keeper.catchUp();
      log.add('last\n', 60);
      holes.push({ from: 80, to: 90 });
      await keeper.finish(END);
      expect(file.text).toBe(`before\n${said(20, 40)}after\nlast\n${said(80, 90)}`);
      expect(keeper.lastLine).toBe('last');
    });

    it('says it within a line, too, and where all is taken anew', async () => {
      const log = new EngineLog();
      log.add('half a', 10);
      log.add(' line\n', 50);
      log.jumped = (time) => time === 10;
      const { file, keeper } = keep(log, 1, '', [{ from: 20, to: 40 }]);
      keeper.follow();
      await keeper.finish(END);
      expect(file.text).toBe(`half a\n${said(20, 40)} line\n`);
    });

    it('says it up to the container’s end, and nothing of what came after that', async () => {
      const log = new EngineLog();
      log.add('ready\n', 10);
      const { file, keeper } = keep(log, 1, '', [
        { from: 20, to: 40 },
        { from: 50, to: 60 },
      ]);
      await keeper.finish(iso(30));
      expect(file.text).toBe(`ready\n${said(20, 30)}`);
    });

    it('has one line only where that was cut', async () => {
      const log = new EngineLog();
      for (const text of numbered(1, 100)) log.add(text);
      const { file, keeper } = keep(log, SCALE, '', [{ from: 40, to: 60 }]);
      keeper.follow();
      await keeper.finish(END);
      expect(file.text.match(/\[combu.*/g)).toEqual([
        `[combu: what was written from ${iso(3)} to ${iso(83)} was cut]`,
      ]);
    });
  });

  it('is whole when head and tail together hold everything', async () => {
    const log = new EngineLog();
    for (const text of numbered(1, 16)) log.add(text);
    const { file, keeper } = keep(log, SCALE);
    keeper.follow();
    await keeper.finish(END);
    expect(file.text).toBe(numbered(1, 16).join(''));
    expect(keeper.result.cut).toBeNull();
  });

  describe('with a line longer than its head, whose parts all have one time', () => {
    /** The head holds a line of 106 and four parts of 90, of 503 in all; the tail is of 167. */
    const long = (parts: number) => {
      const log = new EngineLog();
      log.add('first\n');
      for (let part = 1; part <= parts; part++) log.add(`part ${part} `.padEnd(90, '.'), 1);
      log.add('the end of it\n', 1);
      log.add('last\n', 2);
      return log;
    };
    const parts = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, n) => `part ${from + n} `.padEnd(90, '.')).join('');

    it('has its end', async () => {
      const { file, keeper } = keep(long(40), SCALE);
      keeper.follow();
      await keeper.finish(END);
      expect(file.text).toBe(
        `first\n${parts(1, 4)}\n[combu: what was written from ${iso(1)} to ${iso(1)} was cut]\n` +
          `${parts(39, 40)}the end of it\nlast\n`,
      );
      expect(keeper.lastLine).toBe('last');
    });

    it('is whole when head and tail together hold everything', async () => {
      const { file, keeper } = keep(long(5), SCALE);
      keeper.follow();
      await keeper.finish(END);
      expect(file.text).toBe(`first\n${parts(1, 5)}the end of it\nlast\n`);
      expect(keeper.result.cut).toBeNull();
    });
  });
});
