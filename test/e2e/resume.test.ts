import { afterAll, describe, expect, it } from 'vitest';
import { BUSYBOX, engine, makeImage, type RunRecord, workplace } from '../rig/experiment.js';
import { ON_A_TERMINAL } from '../rig/on-a-terminal.js';

/** `trial.attempt` of all that began since the journal had so many events. */
function begun(record: RunRecord, since: number): string[] {
  return record
    .events()
    .slice(since)
    .flatMap((event) => (event.type === 'attempt.intended' ? [`${event.trial}.${event.attempt}`] : []))
    .sort();
}

describe('a resumed run whose file was changed', () => {
  const place = workplace();
  const trial = (name: string, more = '') =>
    `{ name: 'resume-${name}', image: '${BUSYBOX}', cmd: ['sh', '-c', 'echo $SEED; exit $EXIT'],
       env: { SEED: '1', EXIT: '0', TOKEN: null }, resources: { cpus: 0 } } + { ${more} }`;
  const after = "depends: [{ name: 'resume-prepare', condition: 'completed' }]";
  const fails = "env+: { EXIT: '1' }";
  const file = (...trials: string[]) => place.write('experiment.jsonnet', `[${trials.join(',\n')}]`);
  const env = { TOKEN: 'one' };

  /** Goes on with the run; gives what it began. */
  async function resume(args: readonly string[], code: number, token = 'one'): Promise<string[]> {
    const record = place.runs()[0]!;
    const before = record.events().length;
    const ended = await place.combu(['run', ...args], { env: { TOKEN: token } });
    expect(ended.stderr).not.toMatch(/bug in combu/);
    expect(ended.code).toBe(code);
    expect(place.runs()).toHaveLength(1);
    return begun(record, before);
  }

  it('repeats the trial whose variable changed and runs the new ones, in whatever order they stand', async () => {
    file(trial('prepare'), trial('after', after), trial('seed'), trial('fails', fails));
    expect((await place.combu(['run'], { env })).code).toBe(1);
    const added = Array.from({ length: 10 }, (_, index) => `new-${index}`);
    file(
      trial('seed', "env+: { SEED: '2' }"),
      ...added.map((name) => trial(name)),
      trial('after', after),
      trial('prepare'),
    );
    // What is passed through may be another, and one trial is gone from the file.
    const now = await resume(['--resume'], 0, 'two');
    expect(now).toEqual([...added.map((name) => `resume-${name}.1`), 'resume-seed.2'].sort());
    expect(place.runs()[0]!.log('resume-seed', 2)).toBe('2\n');
    const why = await place.combu(['why', 'resume-seed']);
    expect(why.stdout).toContain('attempt 2: env SEED changed since it had succeeded; succeeded');
    expect((await place.combu(['why', 'resume-prepare'])).stdout).toContain('it was not run again');
  });

  it('says before what it would repeat, and why', async () => {
    file(
      trial('prepare', 'params: { size: 2 }'),
      trial('after', after),
      trial('fails', fails),
      trial('later'),
      trial('new-0'),
    );
    const record = place.runs()[0]!;
    const before = record.events().length;
    const shown = await place.combu(['run', '-n', '--resume'], { env });
    expect(shown.code).toBe(0);
    const lines = shown.stdout
      .slice(shown.stdout.indexOf(`goes on with run ${record.id}\n`))
      .trim()
      .split('\n');
    expect(lines.slice(1)).toEqual([
      '  1 trial runs again: params size changed since it succeeded (resume-prepare)',
      '  1 trial runs again: dependency resume-prepare changed since it succeeded (resume-after)',
      '  1 trial runs again: it ended as failed (resume-fails)',
      '  1 trial runs: it has not run yet (resume-later)',
      '  1 trial done: succeeded as it is now (resume-new-0)',
    ]);
    const chosen = await place.combu(['plan', '--only', 'failed', '--json'], { env });
    expect(JSON.parse(chosen.stdout)).toMatchObject({
      schema: 'combu/plan/v1',
      run: record.id,
      resume: {
        run: record.id,
        trials: [{ trial: 'resume-fails', does: 'runs again', why: 'it ended as failed' }],
      },
    });
    const rerun = await place.combu(['run', '-n', '--only', 'resume-new-0', '--rerun', 'resume-new-0'], {
      env,
    });
    expect(rerun.stdout).toContain('1 trial runs again: asked for with --rerun (resume-new-0)');
    expect(record.events()).toHaveLength(before);
  });

  it('repeats what completed on a trial that changed', async () => {
    file(trial('prepare', 'params: { size: 2 }'), trial('after', after), trial('fails', fails));
    expect(await resume(['--resume'], 1)).toEqual(['resume-after.2', 'resume-fails.2', 'resume-prepare.2']);
    expect((await place.combu(['why', 'resume-after'])).stdout).toContain(
      'dependency resume-prepare changed',
    );
  });

  it('repeats no success for more memory, and what failed with what is set for it', async () => {
    expect(await resume(['--only', 'resume-[ap]*', '--set', 'resources.memory=64m'], 0)).toEqual([]);
    const tried = await resume(
      ['--only', 'failed', '--set', 'resources.memory=32m', '--set', 'retries=1'],
      1,
    );
    expect(tried).toEqual(['resume-fails.3', 'resume-fails.4']);
    expect(place.runs()[0]!.all('attempt.intended').at(-1)!.request.memory).toBe(32 * 2 ** 20);
  });

  it('keeps what was set, until that is to be forgotten', async () => {
    const record = place.runs()[0]!;
    const memory = () => record.all('attempt.intended').at(-1)!.request.memory;
    const still = await place.combu(['run', '--resume'], { env });
    expect(still.stderr).toContain(
      'still set: resources.memory=32m retries=1 (resume-fails); --unset forgets it',
    );
    expect(memory()).toBe(32 * 2 ** 20);
    expect(record.all('attempt.intended').at(-1)).toMatchObject({ trial: 'resume-fails', attempt: 6 });
    expect(await resume(['--unset'], 1)).toEqual(['resume-fails.7']);
    expect(memory()).toBe(0);
    // What looks like a secret counts, but is written nowhere.
    const secret = await place.combu(['run', '--only', 'failed', '--set', 'env.MY_TOKEN=sesame'], { env });
    expect(secret.stderr).toContain('--set env.MY_TOKEN counts for this time only');
    expect(JSON.stringify(record.events())).not.toContain('sesame');
  });

  it('refuses what can not be set, and says where that was said', async () => {
    const record = place.runs()[0]!;
    const before = record.events().length;
    const wrong = await place.combu(['run', '--set', 'resources.memory=much'], { env });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^--set resources\.memory: is no size/m);
    expect(record.events()).toHaveLength(before);
  });

  it('repeats what is asked for by name, and what completed on it', async () => {
    expect(await resume(['--only', 'resume-after', '--rerun', 'resume-pre*'], 0)).toEqual([
      'resume-after.3',
      'resume-prepare.3',
    ]);
  });
});

describe('a resumed run of which a part goes on', () => {
  const place = workplace();

  it('has the services of the whole: who serves does not become a job for want of the one that said so', async () => {
    const file = (code: number) => `{
      defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
      trials: [
        { name: 'part-server', cmd: 'sleep 1000' },
        { name: 'part-says', cmd: 'true', depends: [{ name: 'part-server', condition: 'started' }] },
        { name: 'part-asks', cmd: ['sh', '-c', 'exit ${code}'], depends: ['part-server'] },
      ],
    }`;
    expect((await place.run(file(1))).code).toBe(1);
    place.write('experiment.jsonnet', file(0));
    const resumed = await place.combu(['run', '--only', 'failed', '--deadline', '60s']);
    expect(resumed.stderr).toContain('part-server is a service');
    expect(resumed.code).toBe(0);
    expect(place.runs()[0]!.ends()).toMatchObject({ 'part-server': 'stopped', 'part-asks': 'succeeded' });
  });
});

describe('a resumed run whose image was built anew', () => {
  const place = workplace();
  const image = `combu-e2e-resume/solver:${process.pid}`;
  const made = new Set<string>();
  const build = async (version: number) => {
    await makeImage(image, { script: `echo ${version} > /version`, changes: [`LABEL version=${version}`] });
    made.add((await engine.getImage(image).inspect()).Id);
  };
  afterAll(async () => {
    for (const id of made) await engine.getImage(id).remove({ force: true });
  });
  const text = `[
    { name: 'image-done', image: '${image}', cmd: ['cat', '/version'], resources: { cpus: 0 } },
    { name: 'image-after', image: '${image}', cmd: ['cat', '/version'], resources: { cpus: 0 },
      depends: [{ name: 'image-done', condition: 'completed' }] },
    { name: 'image-fails', image: '${image}', cmd: ['grep', '2', '/version'], resources: { cpus: 0 } },
  ]`;

  it('is refused where nobody can be asked, and repeats no success with keep', async () => {
    await build(1);
    const first = await place.run(text);
    expect(first.code).toBe(1);
    await build(2);
    const events = first.record.events().length;
    const refused = await place.combu(['run', '--resume']);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain(image);
    expect(refused.stderr).toContain('--image keep');
    expect(refused.stderr).toContain('--image rerun');
    expect(first.record.events()).toHaveLength(events);
    expect((await place.combu(['run', '--resume', '--image', 'keep'])).code).toBe(0);
    expect(begun(first.record, events)).toEqual(['image-fails.2']);
    expect(first.record.log('image-fails', 2)).toBe('2\n');
    // With nothing said, it stays so.
    const kept = first.record.events().length;
    expect((await place.combu(['run', '--resume'])).code).toBe(0);
    expect(begun(first.record, kept)).toEqual([]);
  });

  it('is asked about on a terminal; rerun repeats what was made of the old one', async () => {
    await build(3);
    place.write('experiment.jsonnet', text.replace("'2', '/version'", "'[23]', '/version'"));
    const record = place.runs()[0]!;
    const before = record.events().length;
    const resumed = await place.combu(['run', '--resume'], {
      as: ON_A_TERMINAL,
      env: { TERM: 'xterm' },
      stdin: 'r\n',
    });
    expect(resumed.stdout).toContain('is another than when this run began');
    expect(resumed.code).toBe(0);
    expect(begun(record, before)).toEqual(['image-after.2', 'image-done.2', 'image-fails.3']);
    expect(record.log('image-done', 2)).toBe('3\n');
    const why = await place.combu(['why', 'image-done']);
    expect(why.stdout).toContain('attempt 2: image changed since it had succeeded');
  });
});
