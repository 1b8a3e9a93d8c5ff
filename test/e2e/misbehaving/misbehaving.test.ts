import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, type FinishedRun, type Underway, workplace } from '../../rig/experiment.js';

const MIB = 2 ** 20;

/** The most memory that a process ever held, in bytes; asked for until it ends. */
async function mostMemory({ process: child, ended }: Underway): Promise<number> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  let most = 0;
  while (!over) {
    try {
      const text = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      most = Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024 || most;
    } catch {
      // It has just ended.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return most;
}

describe('trials that write too much', () => {
  const place = workplace();
  let run: FinishedRun;
  let memory: number;

  beforeAll(async () => {
    place.write(
      'experiment.jsonnet',
      `
      local sh(script) = { cmd: ['sh', '-c', script] };
      {
        parallelism: 2,
        keep: 'none',
        defaults: { image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0 } },
        trials: [
          sh('head -c 90000000 /dev/zero | tr "\\\\0" x; echo; echo the end') { name: 'much-line' },
          sh(|||
            awk 'BEGIN { for (i = 1; i <= 30000; i++) printf "%05d %03000d\\n", i, 0 }'
          |||) { name: 'much-lines' },
          sh('dd if=/dev/zero of=/large bs=1024k count=128') { name: 'much-output', outputs: ['/large'] },
          sh('mkdir /all && dd if=/dev/zero of=/all/large bs=1024k count=128') { name: 'much-glob', outputs: ['/all/l*'] },
        ],
      }`,
    );
    const underway = place.start(['run']);
    memory = await mostMemory(underway);
    run = { ...(await underway.ended), record: place.runs()[0]! };
  });

  it('succeed, and combu’s own memory stays what it is', () => {
    expect(run.code, run.stderr).toBe(0);
    expect(memory).toBeGreaterThan(30 * MIB);
    expect(memory).toBeLessThan(250 * MIB);
  });

  it('leave a log of 64 MiB, with its head, its end, and what was cut between', () => {
    for (const [trial, end] of [
      ['much-line', 'the end'],
      ['much-lines', '30000 '.padEnd(500, '0')],
    ] as const) {
      const { log, lastLine } = run.record.one('attempt.ended', trial);
      expect(lastLine, trial).toBe(end);
      expect(log.cut, trial).not.toBeNull();
      expect(statSync(join(run.record.folder, 'logs', `${trial}.1.log`)).size, trial).toBe(log.bytes);
      expect(log.bytes, trial).toBeGreaterThan(60 * MIB);
      expect(log.bytes, trial).toBeLessThan(66 * MIB);
    }
  });

  it('leave their whole output', () => {
    for (const trial of ['much-output', 'much-glob']) {
      expect(statSync(join(run.record.results(trial), 'large')).size).toBe(128 * MIB);
    }
  });
});

/** Every odd name that Linux allows, folders deeper than its paths are long, pipes, devices, links that lead out. */
const ODD = String.raw`
  cd $COMBU_RESULTS
  for name in "$(printf 'line\nbreak')" "$(printf 'no\377text')" "$(printf '\033[31mred')" ..dots ... -rf 'back\slash'; do echo odd > "./$name"; done
  mkdir "$(printf 'folder\376')" && echo odd > "$(printf 'folder\376')/inside"
  mkfifo pipe score.json
  mknod disk b 7 200 && chmod 666 disk
  ln -s /etc/passwd secret; ln -s / everything; ln -s loop loop
  echo '{"accuracy": 0.5}' > good.json
  chmod 0 good.json
  name=$(printf '%0200d' 1); for i in $(seq 30); do mkdir $name; cd -P $name; done; echo deep > file
`;

describe('trials that leave what can harm', () => {
  const place = workplace();
  const user = `combu-odd-${process.pid}`;
  let uid: number;

  beforeAll(() => {
    execFileSync('useradd', ['--no-create-home', '-G', 'docker', user]);
    uid = Number(execFileSync('id', ['-u', user]).toString());
    chmodSync(place.folder, 0o755);
    chownSync(place.folder, uid, uid);
  });
  // Node's own way to remove a folder knows no such depth.
  afterAll(() => {
    execFileSync('rm', ['-rf', place.path('.combu')]);
    execFileSync('userdel', [user]);
  });

  const byId = () => ({ env: { SUDO_UID: String(uid), SUDO_GID: String(uid), SUDO_USER: user } });
  const byGroup = () => ({ as: ['runuser', '-u', user, '--'], env: { HOME: place.folder } });

  it.each([
    ['root under sudo', byId, 'odd-bound'],
    ['a user in the group docker', byGroup, 'odd-volume'],
  ] as const)('run by %s: what is a result is the caller’s, and nothing else is', async (_who, how, name) => {
    const text = `[{ name: '${name}', image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0 }, cmd: ['sh', '-c', |||${ODD}|||] }]`;
    const run = await place.run(text, [], how());
    expect(run.code, run.stderr).toBe(0);
    const folder = run.record.results(name);
    const find = (...test: string[]) => execFileSync('find', [folder, ...test]).toString();
    expect(find('!', '-user', user)).toBe('');
    expect(find('-type', 'f', '!', '-perm', '-600')).toBe('');
    expect(find('-type', 'b')).toBe('');
    expect(readFileSync(join(folder, 'line\nbreak'), 'utf8')).toBe('odd\n');
    for (const file of ['..dots', '...', '-rf', 'back\\slash', '\x1b[31mred']) {
      expect(readFileSync(join(folder, file), 'utf8')).toBe('odd\n');
    }
    // One whose name was no text, and one in a folder of such a name.
    expect(readFileSync(join(folder, 'no\ufffdtext'), 'utf8')).toBe('odd\n');
    expect(readFileSync(join(folder, 'folder\ufffd', 'inside'), 'utf8')).toBe('odd\n');
    expect(statSync('/etc/passwd').uid).toBe(0);
    expect(statSync('/').uid).toBe(0);
    expect(run.stderr).not.toContain('\x1b');

    const table = await place.combu(['results', 'table', '--format', 'json'], how());
    expect(table.stdout).toContain('"accuracy":0.5');
    const list = await place.combu(['results', 'ls'], how());
    expect(list.code, list.stderr).toBe(0);
    expect(list.stdout).not.toContain('\x1b');
    expect(list.stdout).not.toContain('secret');
    expect(list.stdout).toContain('no\ufffdtext');
    expect(list.stdout).toContain('folder\ufffd/inside');
    const removed = await place.combu(['results', 'rm', '--run', run.record.id, '--yes'], how());
    expect(removed.code, removed.stderr).toBe(0);
    expect(execFileSync('find', [join(run.record.folder, 'results'), '-mindepth', '1']).toString()).toBe('');
  });
});

describe('trials that do not want to end, or never begin', () => {
  const place = workplace();

  it('each has its true end, and none of them harms another', async () => {
    const run = await place.run(`
      local sh(script) = { cmd: ['sh', '-c', script] };
      {
        keep: 'none',
        defaults: { image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0 } },
        trials: [
          sh('bomb() { bomb | bomb & }; bomb; sleep 300') { name: 'ill-bomb', pids: 64, timeout: '2s', grace: '1s' },
          sh('trap "" TERM INT HUP; (trap "" TERM; sleep 300) & while :; do sleep 300; done')
            { name: 'ill-deaf', timeout: '1s', grace: '1s' },
          sh('kill -9 $$') { name: 'ill-killed', resources: { memory: '32m' } },
          sh('exit 137') { name: 'ill-pretends', resources: { memory: '32m' } },
          { name: 'ill-eats', resources: { memory: '32m' }, cmd: ['awk', 'BEGIN { text = "x"; while (1) text = text text }'] },
        ] + [sh('echo at once') { name: 'ill-short-%d' % i } for i in std.range(1, 12)],
      }`);
    const { 'ill-bomb': bomb, ...ends } = run.record.ends();
    // It may be that all of it has died before its time is over.
    expect(bomb).toMatch(/timeout|failed/);
    expect(ends).toEqual({
      'ill-deaf': 'timeout',
      'ill-killed': 'failed',
      'ill-pretends': 'failed',
      'ill-eats': 'oom',
      ...Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`ill-short-${n + 1}`, 'succeeded'])),
    });
    expect(run.record.one('attempt.ended', 'ill-deaf').exitCode).toBe(137);
    expect(run.record.one('attempt.ended', 'ill-killed').cause).toBe('killed by signal 9, not by combu');
    for (let n = 1; n <= 12; n++) expect(run.record.log(`ill-short-${n}`)).toBe('at once\n');
    expect(await place.containers()).toEqual([]);
  });

  it('kill does not wait for one that is deaf', async () => {
    place.write(
      'experiment.jsonnet',
      `[{ name: 'deaf', image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0 }, grace: '10m', init: false,
          cmd: ['sh', '-c', 'trap "" TERM; echo deaf; while :; do sleep 1; done'] }]`,
    );
    const underway = place.start(['run']);
    await place.until((record) => record.log('deaf') === 'deaf\n', underway);
    const killed = await place.combu(['kill']);
    expect(killed.stdout).toContain('0 containers, 0 networks left');
    expect((await underway.ended).code).toBe(137);
    expect(place.runs().at(-1)!.ends()).toEqual({ deaf: 'killed' });
  });
});
