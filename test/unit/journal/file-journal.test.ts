import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pack } from 'tar-stream';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openFileJournal } from '../../../src/journal/file-journal.js';
import { followRun } from '../../../src/journal/follow-run.js';
import { readEvents, readRunState } from '../../../src/journal/read-run.js';
import { runPaths } from '../../../src/journal/run-paths.js';
import {
  createRunFolder,
  listRunEdges,
  listRuns,
  type RunFolder,
  resolveRun,
} from '../../../src/journal/state-folder.js';
import type { NewRunEvent } from '../../../src/model/event.js';
import { systemClock } from '../../../src/util/clock.js';
import { warning } from '../../contract/journal-contract.js';

const root = mkdtempSync(join(tmpdir(), 'combu-journal-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let state = '';
let run: RunFolder;
beforeEach(async () => {
  state = mkdtempSync(join(root, 'state-'));
  run = await createRunFolder(join(state, '.combu'), 'abcdefghijkl', Date.UTC(2026, 2, 1, 9, 8, 7));
});

/** Root may read everything: the work is done as nobody, who gets the folder and all folders below it. */
async function withoutRoot(folder: string, work: () => Promise<unknown>): Promise<void> {
  if (process.getuid?.() !== 0) return void (await work());
  const nobody = 65_534;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chownSync(join(entry.parentPath, entry.name), nobody, nobody);
  }
  chownSync(folder, nobody, nobody);
  process.seteuid?.(nobody);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

const open = () => openFileJournal(run.folder, { clock: systemClock, owner: undefined });
const messages = async () =>
  (await readEvents(run.folder)).map((event) => (event.type === 'run.warning' ? event.message : event.type));

const started = (experiment: string): NewRunEvent => ({
  type: 'run.started',
  run: run.id,
  experiment,
  name: 'test',
  file: '/experiment.jsonnet',
  host: 'host',
  version: '0',
  comment: undefined,
  tags: {},
  resumed: false,
  trials: [],
});

describe('the journal file', () => {
  it('has what was synced on disk before it is closed', async () => {
    const journal = await open();
    void journal.append(warning('first'));
    await journal.append(warning('second'), { sync: true });
    expect(await messages()).toEqual(['first', 'second']);
    await journal.close();
  });

  it('loses a torn last line, and nothing else, when it is opened again', async () => {
    const journal = await open();
    await journal.append(warning('whole'), { sync: true });
    await journal.close();
    appendFileSync(runPaths.journal(run.folder), '{"v":1,"time":"2026-03-01T00:0');
    expect(await messages()).toEqual(['whole']);
    const again = await open();
    await again.append(warning('next'), { sync: true });
    await again.close();
    expect(await messages()).toEqual(['whole', 'next']);
    expect(readFileSync(runPaths.journal(run.folder), 'utf8').split('\n')).toHaveLength(3);
  });

  it('is closed to others', async () => {
    await (await open()).close();
    expect(lstatSync(join(state, '.combu')).mode & 0o777).toBe(0o700);
    expect(lstatSync(run.folder).mode & 0o777).toBe(0o700);
    expect(lstatSync(runPaths.journal(run.folder)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(state, '.combu', '.gitignore'), 'utf8')).toBe('*\n');
  });

  it('with 60,000 lines is folded in well under 0.3 s of cpu time', async () => {
    const lines: string[] = [];
    const time = '2026-03-01T00:00:00.000Z';
    for (let n = 0; n < 10_000; n++) {
      const key = { v: 1, time, trial: `t${n % 1_000}`, attempt: 1 + Math.floor(n / 1_000) };
      const request = { cpus: 1, memory: 0, gpus: 0 };
      lines.push(
        JSON.stringify({
          ...key,
          type: 'attempt.intended',
          fingerprint: 'f'.repeat(64),
          request,
          devices: [],
        }),
        JSON.stringify({ ...key, type: 'attempt.created', container: 'c'.repeat(64) }),
        JSON.stringify({ ...key, type: 'attempt.started', startedAt: time, ports: {} }),
        JSON.stringify({ ...key, type: 'attempt.removed' }),
        JSON.stringify({ ...key, type: 'trial.retrying', delay: 1000, why: 'exit' }),
        JSON.stringify({ ...key, type: 'trial.ended', state: 'succeeded', cause: 'exit 0' }),
      );
    }
    writeFileSync(runPaths.journal(run.folder), `${lines.join('\n')}\n`);
    const before = process.cpuUsage();
    const folded = await readRunState(run.folder);
    const { user } = process.cpuUsage(before);
    expect(folded.trials.size).toBe(1_000);
    expect(user / 1e6).toBeLessThan(0.3);
  });
});

describe('following a run', () => {
  it('gives what is there and what comes, and ends when it is told to', async () => {
    const journal = await open();
    await journal.append(warning('there'), { sync: true });
    const control = new AbortController();
    const seen: string[] = [];
    for await (const event of followRun(run.folder, control.signal)) {
      if (event.type !== 'run.warning') continue;
      seen.push(event.message);
      if (event.message === 'there') await journal.append(warning('comes'), { sync: true });
      else control.abort();
    }
    expect(seen).toEqual(['there', 'comes']);
    await journal.close();
  });
});

describe('runs in the state folder', () => {
  it('are found by id, by its beginning, and as the latest, of one experiment or of all', async () => {
    const dir = join(state, '.combu');
    const others = [
      await createRunFolder(dir, 'abcxyzabcxyz', Date.UTC(2026, 2, 2)),
      await createRunFolder(dir, 'zzzzzzzzzzzz', Date.UTC(2026, 2, 3)),
    ];
    for (const [one, experiment] of [
      [run, 'mine'],
      [others[0]!, 'mine'],
      [others[1]!, 'other'],
    ] as const) {
      const journal = await openFileJournal(one.folder, { clock: systemClock, owner: undefined });
      await journal.append({ ...started(experiment), run: one.id } as NewRunEvent);
      await journal.append({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
      await journal.close();
    }
    expect((await listRuns(dir)).map(({ id, startedAt }) => `${id} ${startedAt}`)).toEqual([
      'abcdefghijkl 2026-03-01T09:08:07Z',
      'abcxyzabcxyz 2026-03-02T00:00:00Z',
      'zzzzzzzzzzzz 2026-03-03T00:00:00Z',
    ]);
    const id = async (wanted: string, experiment?: string) => {
      const found = await resolveRun(dir, wanted, experiment);
      return found.ok ? found.value.id : found.error;
    };
    expect(await id('latest')).toBe('zzzzzzzzzzzz');
    expect(await id('latest', 'mine')).toBe('abcxyzabcxyz');
    expect(await id('latest', 'third')).toBe(`there is no run of this experiment in ${dir}`);
    expect(await id('abcx')).toBe('abcxyzabcxyz');
    expect(await id('abc')).toBe('abc is the beginning of 2 runs: abcdefghijkl, abcxyzabcxyz');
    expect(await id('nope')).toBe(`no run nope in ${dir}`);
    const edges = await listRunEdges(dir, 'mine');
    expect(edges.map(({ first, last }) => [first?.run, last?.type])).toEqual([
      ['abcdefghijkl', 'run.ended'],
      ['abcxyzabcxyz', 'run.ended'],
    ]);
  });

  it('are none where there is no state folder', async () => {
    expect(await listRuns(join(state, 'nowhere'))).toEqual([]);
    expect(await listRuns(join(fileURLToPath(import.meta.url), 'below-a-file'))).toEqual([]);
    const found = await resolveRun(join(state, 'nowhere'), 'latest');
    expect(found.ok ? '' : found.error).toBe(`there is no run yet in ${join(state, 'nowhere')}`);
  });
});

describe('results', () => {
  const tarOf = (files: Record<string, string>) => {
    const tar = pack();
    for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
    tar.finalize();
    return tar as AsyncIterable<Uint8Array>;
  };

  it('are joined with what is there, and overwrite nothing', async () => {
    const journal = await open();
    const folder = (await journal.resultsFolder('a', 1))!;
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'x.json'), 'mine');
    await journal.receive('a', 1, '', tarOf({ 'sub/x.json': 'theirs', 'sub/y.json': 'new' }));
    await journal.receive('a', 1, '', tarOf({ 'sub/x.json': 'third' }));
    const read = (name: string) => readFileSync(join(folder, 'sub', name), 'utf8');
    expect(readdirSync(join(folder, 'sub')).sort()).toEqual(['x.json', 'x~2.json', 'x~3.json', 'y.json']);
    expect([read('x.json'), read('x~2.json'), read('x~3.json')]).toEqual(['mine', 'theirs', 'third']);
    expect(readdirSync(runPaths.trialResults(run.folder, 'a'))).toEqual(['1']);
    await journal.close();
  });

  it('are there once when they are received again, by whoever goes on for a supervisor that died meanwhile', async () => {
    const journal = await open();
    const folder = (await journal.resultsFolder('a', 1))!;
    const trial = runPaths.trialResults(run.folder, 'a');
    mkdirSync(join(trial, '1.receiving-Ab12Cd', 'sub'), { recursive: true });
    writeFileSync(join(trial, '1.receiving-Ab12Cd', 'sub', 'x.json'), 'ha');
    mkdirSync(join(trial, '11.receiving-Ab12Cd'));
    const large = 'x'.repeat(300_000);
    const tar = () => tarOf({ 'sub/x.json': 'half', 'sub/large': large });
    await journal.receive('a', 1, '', tar());
    await journal.receive('a', 1, '', tar());
    await journal.receive('a', 1, '', tarOf({ 'sub/large': `${large.slice(1)}y` }));
    expect(readdirSync(join(folder, 'sub')).sort()).toEqual(['large', 'large~2', 'x.json']);
    // Another attempt's may be under way.
    expect(readdirSync(trial).sort()).toEqual(['1', '11.receiving-Ab12Cd']);
    await journal.close();
  });

  it('that a dead supervisor had half received are gone when the record is opened again', async () => {
    const first = await open();
    await first.resultsFolder('a', 1);
    await first.close();
    const trial = runPaths.trialResults(run.folder, 'a');
    mkdirSync(join(trial, '1.receiving-Ab12Cd', 'sub'), { recursive: true });
    writeFileSync(join(trial, '1', 'whole.json'), '1');
    await (await open()).close();
    expect(readdirSync(trial)).toEqual(['1']);
    expect(readdirSync(join(trial, '1'))).toEqual(['whole.json']);
  });

  it('are put beside a file of the same name and size that the caller may not read', async () => {
    const journal = await open();
    const folder = (await journal.resultsFolder('a', 1))!;
    writeFileSync(join(folder, 'x.json'), 'mine', { mode: 0 });
    await withoutRoot(root, () => journal.receive('a', 1, '', tarOf({ 'x.json': 'mine' })));
    expect(readdirSync(folder).sort()).toEqual(['x.json', 'x~2.json']);
    expect(readFileSync(join(folder, 'x~2.json'), 'utf8')).toBe('mine');
    await journal.close();
  });

  it('stay inside their folder though the trial made links that lead out', async () => {
    const journal = await open();
    const outside = mkdtempSync(join(root, 'outside-'));
    const folder = (await journal.resultsFolder('a', 1))!;
    symlinkSync(outside, join(folder, 'sub'));
    symlinkSync(join(outside, 'file'), join(folder, 'file'));
    await journal.receive('a', 1, '', tarOf({ 'sub/x.json': 'x', file: 'y' }));
    await journal.receive('a', 1, 'sub', tarOf({ 'z.json': 'z' }));
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(folder, 'sub~2', 'x.json'), 'utf8')).toBe('x');
    expect(readFileSync(join(folder, 'sub~2', 'z.json'), 'utf8')).toBe('z');
    expect(readFileSync(join(folder, 'file~2'), 'utf8')).toBe('y');
    await journal.close();
  });

  it('can be read and deleted by their owner, whatever modes the trial chose; links are not followed', async () => {
    const journal = await open();
    const outside = mkdtempSync(join(root, 'outside-'));
    writeFileSync(join(outside, 'target'), 'x', { mode: 0o640 });
    const folder = (await journal.resultsFolder('a', 1))!;
    mkdirSync(join(folder, 'closed'));
    writeFileSync(join(folder, 'closed', 'file'), 'x', { mode: 0o400 });
    writeFileSync(join(folder, 'program'), 'x');
    chmodSync(join(folder, 'program'), 0o4755);
    symlinkSync(join(outside, 'target'), join(folder, 'link'));
    chmodSync(join(folder, 'closed'), 0o500);
    await journal.settleResults('a', 1);
    const mode = (path: string) => lstatSync(path).mode & 0o7777;
    expect(mode(join(folder, 'closed'))).toBe(0o700);
    expect(mode(join(folder, 'closed', 'file'))).toBe(0o600);
    expect(mode(join(folder, 'program'))).toBe(0o755);
    expect(mode(join(outside, 'target'))).toBe(0o640);
    expect(existsSync(join(folder, 'link'))).toBe(true);
    await journal.close();
  });

  it('are all kept where names of a tar that are no text come out as one', async () => {
    const journal = await open();
    const tar = pack();
    // As tars are read, names of other bytes than text have this character in their place.
    for (const text of ['one', 'two']) tar.entry({ name: 'no\ufffd.txt' }, text);
    tar.finalize();
    const { files } = await journal.receive('a', 1, '', tar as AsyncIterable<Uint8Array>);
    const folder = (await journal.resultsFolder('a', 1))!;
    const found = readdirSync(folder).sort();
    expect(files).toBe(2);
    expect(found).toEqual(['no\ufffd.txt', 'no\ufffd~2.txt']);
    expect(found.map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(['one', 'two']);
    await journal.close();
  });

  it('whatever their names, and however deep they lie', async () => {
    const journal = await open();
    const folder = (await journal.resultsFolder('a', 1))!;
    const sh = (script: string) => execFileSync('sh', ['-c', script], { cwd: folder }).toString();
    sh(`for name in "$(printf 'line\\nbreak')" "$(printf 'no\\377text')" "$(printf 'no\\376text')" ..dots '-rf *'; do : > "./$name"; done
      mkdir "$(printf 'folder\\376')"; : > "$(printf 'folder\\376')/file"
      name=$(printf '%0200d' 1); for i in $(seq 50); do mkdir $name; cd -P $name; done; : > file
      chmod 0 file`);
    try {
      const { renamed } = await journal.settleResults('a', 1);
      expect(renamed.toSorted()).toEqual(['folder\ufffd', 'no\ufffdtext', 'no\ufffdtext~2']);
      expect(readFileSync(join(folder, 'folder\ufffd', 'file'), 'utf8')).toBe('');
      expect(sh('find . -type f | wc -l').trim()).toBe('8');
      expect(sh('find . -type f ! -perm -600 -o -type d ! -perm -700')).toBe('');
    } finally {
      // Node's own way to remove a folder ends at paths of 4,096 bytes.
      sh('rm -rf 0*');
    }
    await journal.close();
  });

  it('stay as they are where a link has taken their folder’s place', async () => {
    const journal = await open();
    const outside = mkdtempSync(join(root, 'outside-'));
    writeFileSync(join(outside, 'target'), 'x', { mode: 0o444 });
    mkdirSync(runPaths.trialResults(run.folder, 'a'));
    symlinkSync(outside, runPaths.attemptResults(run.folder, 'a', 1));
    await journal.settleResults('a', 1);
    expect(lstatSync(join(outside, 'target')).mode & 0o777).toBe(0o444);
    await journal.close();
  });

  it.runIf(process.getuid?.() === 0)('hold no devices any more', async () => {
    const journal = await open();
    const folder = (await journal.resultsFolder('a', 1))!;
    execFileSync('mknod', [join(folder, 'disk'), 'b', '7', '200']);
    execFileSync('mknod', [join(folder, 'zero'), 'c', '1', '5']);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await journal.settleResults('a', 1);
    expect(readdirSync(folder)).toEqual(['pipe']);
    await journal.close();
  });

  it.runIf(process.getuid?.() === 0)('belong to the one who called sudo', async () => {
    const owner = { uid: 12_345, gid: 23_456 };
    const dir = join(state, 'sudo');
    const mine = await createRunFolder(dir, 'ownedownedow', Date.now(), owner);
    const journal = await openFileJournal(mine.folder, { clock: systemClock, owner });
    const folder = (await journal.resultsFolder('a', 1))!;
    expect(lstatSync(folder).mode & 0o777).toBe(0o777);
    writeFileSync(join(folder, 'by-root'), 'x');
    const log = await journal.openLog('a', 1);
    await log.close();
    await journal.settleResults('a', 1);
    await journal.close();
    for (const path of [
      dir,
      join(dir, '.gitignore'),
      mine.folder,
      runPaths.journal(mine.folder),
      runPaths.log(mine.folder, 'a', 1),
      runPaths.trialResults(mine.folder, 'a'),
      folder,
      join(folder, 'by-root'),
    ]) {
      const { uid, gid } = lstatSync(path);
      expect({ path, uid, gid }).toEqual({ path, ...owner });
    }
  });
});
