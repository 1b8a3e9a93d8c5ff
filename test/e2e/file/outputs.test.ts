import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, type FinishedRun, workplace } from '../../rig/experiment.js';

describe('outputs', () => {
  const place = workplace();
  let run: FinishedRun;

  beforeAll(async () => {
    run = await place.run(`
      local sh(script) = { cmd: ['sh', '-c', script] };
      {
        keep: 'none',
        defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
        trials: [
          sh('mkdir -p figures/deep; echo one > model-1.json; echo two > model-2.json; echo no > model.txt; echo png > figures/deep/a.png; echo log > /var/run.log')
            { name: 'outputs-all', workdir: '/work', outputs: ['model-*.json', 'figures', '/var/run.log', { path: 'maybe.csv', optional: true }] },
          sh('echo half > part.json; exit 4') { name: 'outputs-failed', workdir: '/work', outputs: ['part.json', 'rest.json'] },
          sh('true') { name: 'outputs-missing', outputs: ['/tmp/never.json'] },
          sh('true') { name: 'outputs-no-match', workdir: '/work', outputs: ['*.npy'] },
          sh('true') { name: 'outputs-optional', outputs: [{ path: '/tmp/never.json', optional: true }, { path: '/tmp/*.x', optional: true }] },
          sh('echo own > $COMBU_RESULTS/note.txt; echo copied > /tmp/note.txt') { name: 'outputs-beside', outputs: ['/tmp/note.txt'] },
          sh('mkdir -p a/deep b; echo a > a/deep/score.json; echo b > b/score.json; echo c > "brace{1,2}.txt"')
            { name: 'outputs-apart', workdir: '/work', outputs: ['a/deep/score.json', './b/*.json', 'brace{1,2}.txt'] },
          sh('echo 1 > epoch-1.pt; ln -s epoch-1.pt latest') { name: 'outputs-link', workdir: '/work', outputs: ['latest'] },
          sh('ln -s /etc/passwd /tmp/link.txt; echo x > /tmp/real.txt; chmod 0 /tmp/real.txt; chown 1234 /tmp/real.txt; true')
            { name: 'outputs-hostile', outputs: ['/tmp/*.txt'] },
        ],
      }`);
  });

  const read = (trial: string, file: string) => readFileSync(join(run.record.results(trial), file), 'utf8');

  it('files, matches of a glob and whole directories are there after the end', () => {
    expect(read('outputs-all', 'model-1.json')).toBe('one\n');
    expect(read('outputs-all', 'model-2.json')).toBe('two\n');
    expect(read('outputs-all', 'figures/deep/a.png')).toBe('png\n');
    expect(read('outputs-all', 'run.log')).toBe('log\n');
    expect(readdirSync(run.record.results('outputs-all')).sort()).toEqual([
      'figures',
      'model-1.json',
      'model-2.json',
      'run.log',
    ]);
  });

  it('are copied from a failed trial too, whose cause stays its own', () => {
    expect(read('outputs-failed', 'part.json')).toBe('half\n');
    expect(run.record.one('trial.ended', 'outputs-failed').cause).toBe('exit 4');
  });

  it('a missing one makes a success a failure; an optional one does not', () => {
    expect(run.record.ends()).toEqual({
      'outputs-all': 'succeeded',
      'outputs-failed': 'failed',
      'outputs-missing': 'failed',
      'outputs-no-match': 'failed',
      'outputs-optional': 'succeeded',
      'outputs-beside': 'succeeded',
      'outputs-apart': 'succeeded',
      'outputs-link': 'failed',
      'outputs-hostile': expect.stringMatching('succeeded|failed'),
    });
    expect(run.record.one('trial.ended', 'outputs-missing').cause).toMatch(/missing output .*never\.json/);
    expect(run.record.one('trial.ended', 'outputs-no-match').cause).toMatch(/missing output .*\*\.npy/);
    expect(run.code).toBe(1);
  });

  it('keep the folders of relative paths apart; braces are no pattern', () => {
    expect(read('outputs-apart', 'a/deep/score.json')).toBe('a\n');
    expect(read('outputs-apart', 'b/score.json')).toBe('b\n');
    expect(read('outputs-apart', 'brace{1,2}.txt')).toBe('c\n');
  });

  it('that are only a link count as missing, and the reason is told', () => {
    expect(run.record.one('trial.ended', 'outputs-link').cause).toMatch(/missing output latest/);
    expect(run.stderr).toMatch(/[Ll]inks.*outputs-link/);
  });

  it('never overwrite what the trial itself left in its results', () => {
    const texts = readdirSync(run.record.results('outputs-beside')).map((name) =>
      read('outputs-beside', name),
    );
    expect(texts.sort()).toEqual(['copied\n', 'own\n']);
  });

  it('end up readable and inside their folder, whatever the trial made of them', () => {
    expect(read('outputs-hostile', 'real.txt')).toBe('x\n');
    expect(lstatSync(join(run.record.results('outputs-hostile'), 'real.txt')).uid).toBe(process.getuid?.());
    const link = join(run.record.results('outputs-hostile'), 'link.txt');
    // A link out of the container must not lead to a file of the host.
    if (existsSync(link)) expect(readFileSync(link, 'utf8')).not.toBe(readFileSync('/etc/passwd', 'utf8'));
  });
});
