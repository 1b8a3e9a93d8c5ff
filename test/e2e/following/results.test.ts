import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, type FinishedRun, type RunRecord, Workplace, workplace } from '../../rig/experiment.js';

/** Trials of several users who leave what can go wrong: closed modes, links that lead out, odd names, big files. */
const experiment = (victim: string) => `
local write = |||
  cd $COMBU_RESULTS
  mkdir -p deep/er && echo '{"accuracy": 0.5}' > deep/er/score.json
  echo closed > closed.txt && chmod 000 closed.txt
  mkdir shut && echo inside > shut/file.txt && chmod 000 shut
  ln -s ${victim} link-out
  ln -s deep/er/score.json link-in
  echo odd > "-odd name, 'näive' "
  mkdir -p ${'long-'.repeat(15)}/${'name-'.repeat(15)} && echo long > ${'long-'.repeat(15)}/${'name-'.repeat(15)}/file.txt
  id -u > uid.txt
|||;
{
  keep: 'none',
  defaults: { image: '${BUSYBOX}', resources: { cpus: 0 }, cmd: ['sh', '-c', write] },
  trials: [
    { name: 'results-root' },
    { name: 'results-other', user: '1234:1234' },
    { name: 'results-failed', cmd: ['sh', '-c', write + 'exit 3'] },
    { name: 'results-service', service: true, cmd: ['sh', '-c', write + 'exec sleep 300'] },
    { name: 'results-needs', depends: ['results-service'], cmd: ['sh', '-c', 'sleep 1; echo done > $COMBU_RESULTS/done.txt'] },
    { name: 'results-none', cmd: ['true'] },
  ],
}`;

/** What holds however the results came: all files there, owned by the caller, readable, inside the folder. */
function assertResults(run: FinishedRun, uid: number): void {
  for (const [trial, user] of [
    ['results-root', '0'],
    ['results-other', '1234'],
    ['results-failed', '0'],
    ['results-service', '0'],
  ] as const) {
    const folder = run.record.results(trial);
    expect(readFileSync(join(folder, 'deep/er/score.json'), 'utf8'), trial).toBe('{"accuracy": 0.5}\n');
    expect(readFileSync(join(folder, 'closed.txt'), 'utf8'), trial).toBe('closed\n');
    expect(readFileSync(join(folder, 'shut/file.txt'), 'utf8'), trial).toBe('inside\n');
    expect(readFileSync(join(folder, 'uid.txt'), 'utf8'), trial).toBe(`${user}\n`);
    const long = join(folder, 'long-'.repeat(15), 'name-'.repeat(15), 'file.txt');
    expect(readFileSync(long, 'utf8'), trial).toBe('long\n');
    expect(readdirSync(folder), trial).toContain("-odd name, 'näive' ");
    for (const entry of readdirSync(folder, { recursive: true }) as string[]) {
      expect(lstatSync(join(folder, entry)).uid, `${trial}: ${entry}`).toBe(uid);
    }
  }
  expect(readFileSync(join(run.record.results('results-needs'), 'done.txt'), 'utf8')).toBe('done\n');
  expect(run.record.ends()).toEqual({
    'results-root': 'succeeded',
    'results-other': 'succeeded',
    'results-failed': 'failed',
    'results-service': 'stopped',
    'results-needs': 'succeeded',
    'results-none': 'succeeded',
  });
  expect(run.code).toBe(1);
}

/** A file of somebody else on the host, at which links in the results aim. */
function victimIn(place: Workplace): string {
  place.write('victim.txt', 'not yours\n', 0o600);
  chownSync(place.path('victim.txt'), 65534, 65534);
  return place.path('victim.txt');
}

function assertUntouched(victim: string): void {
  expect(statSync(victim)).toMatchObject({ uid: 65534, gid: 65534, mode: 0o100600 });
  expect(readFileSync(victim, 'utf8')).toBe('not yours\n');
}

/** The caller can read all of it, whatever modes the trial set. */
function readableBy(user: string, place: Workplace): boolean {
  const found = execFileSync('runuser', [
    '-u',
    user,
    '--',
    'find',
    place.path('.combu'),
    '!',
    '-readable',
    '!',
    '-type',
    'l',
  ]);
  return found.toString() === '';
}

describe('results when combu is root', () => {
  const place = workplace();

  it('are bind-mounted, and belong to root afterwards', async () => {
    const victim = victimIn(place);
    assertResults(await place.run(experiment(victim)), 0);
    assertUntouched(victim);
  });

  it('arrive while the trial still runs', async () => {
    place.write('gate/.keep', '');
    place.write(
      'experiment.jsonnet',
      `[{ name: 'results-early', image: '${BUSYBOX}', resources: { cpus: 0 }, volumes: [{ host: './gate', container: '/gate' }],
         cmd: ['sh', '-c', 'echo early > $COMBU_RESULTS/early.txt; until [ -e /gate/open ]; do usleep 20000; done'] }]`,
    );
    const underway = place.start(['run']);
    const early = (record: RunRecord) => join(record.results('results-early'), 'early.txt');
    const record = await place.until((each) => existsSync(early(each)) && each, underway);
    expect(record.all('attempt.ended')).toEqual([]);
    place.write('gate/open', '');
    expect((await underway.ended).code).toBe(0);
  });
});

describe('results of an ordinary user', () => {
  const place = workplace();
  const user = `combu-e2e-${process.pid}`;
  let uid: number;
  let gid: number;

  beforeAll(() => {
    execFileSync('useradd', ['--no-create-home', '-G', 'docker', user]);
    uid = Number(execFileSync('id', ['-u', user]).toString());
    gid = Number(execFileSync('id', ['-g', user]).toString());
    chmodSync(place.folder, 0o755);
    chownSync(place.folder, uid, gid);
    place.write('home/.keep', '');
    chownSync(place.path('home'), uid, gid);
  });

  afterAll(() => execFileSync('userdel', [user]));

  it('in the group docker: everything is theirs, whoever the trial ran as', async () => {
    const victim = victimIn(place);
    const run = await place.run(experiment(victim), [], {
      as: ['runuser', '-u', user, '--'],
      env: { HOME: place.path('home') },
    });
    assertResults(run, uid);
    assertUntouched(victim);
    expect(readableBy(user, place)).toBe(true);
    expect(statSync(place.path('.combu')).mode & 0o777).toBe(0o700);
    expect(await place.containers()).toEqual([]);
    expect(await place.volumes()).toEqual([]);
  });

  it('whose trial runs with their own uid: the same', async () => {
    const run = await place.run(
      `[{ name: 'results-own', image: '${BUSYBOX}', resources: { cpus: 0 }, user: '${uid}',
          cmd: ['sh', '-c', 'id -u > $COMBU_RESULTS/uid.txt; mkdir $COMBU_RESULTS/shut; chmod 0 $COMBU_RESULTS/shut'] }]`,
      [],
      { as: ['runuser', '-u', user, '--'], env: { HOME: place.path('home') } },
    );
    expect(run.code, run.stderr).toBe(0);
    expect(readFileSync(join(run.record.results('results-own'), 'uid.txt'), 'utf8')).toBe(`${uid}\n`);
    expect(lstatSync(join(run.record.results('results-own'), 'uid.txt')).uid).toBe(uid);
  });

  it('under sudo: theirs too', async () => {
    const place = new Workplace();
    try {
      const run = await place.run(
        `[{ name: 'results-sudo', image: '${BUSYBOX}', resources: { cpus: 0 }, cmd: ['sh', '-c', 'echo 1 > $COMBU_RESULTS/one.txt'] }]`,
        [],
        { env: { SUDO_UID: String(uid), SUDO_GID: String(gid), SUDO_USER: user } },
      );
      expect(run.code, run.stderr).toBe(0);
      expect(lstatSync(join(run.record.results('results-sudo'), 'one.txt')).uid).toBe(uid);
      chmodSync(place.folder, 0o755);
      expect(readableBy(user, place)).toBe(true);
    } finally {
      await place.dispose();
    }
  });
});
