import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, type FinishedRun, workplace } from '../../rig/experiment.js';

const PASSED = 'passed-9f1c7e40b6';
const WRITTEN = 'written-52ab08d3c1';

/** Every file below a folder, but for what trials themselves wrote: their logs and results. */
function recordFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(logs|results)\//.test(path));
}

describe('env that holds secrets', () => {
  const place = workplace();
  let run: FinishedRun;

  beforeAll(async () => {
    run = await place.run(
      `{
        keep: 'all',
        defaults: { image: '${BUSYBOX}', env: { E2E_TOKEN: null } },
        trials: [
          { name: 'secret-user', cmd: ['sh', '-c', 'printf %s "$E2E_TOKEN" | md5sum; printf %s "$API_KEY" | md5sum'],
            env: { API_KEY: '${WRITTEN}' } },
          { name: 'secret-teller', cmd: ['sh', '-c', 'echo "refused: $E2E_TOKEN"; exit 1'] },
        ],
      }`,
      [],
      { env: { E2E_TOKEN: PASSED } },
    );
  });

  it('reaches the process', () => {
    const md5 = (text: string) => createHash('md5').update(text).digest('hex');
    expect(run.record.log('secret-user')).toBe(`${md5(PASSED)}  -\n${md5(WRITTEN)}  -\n`);
  });

  it('is in no record of the run', () => {
    const files = recordFiles(place.path('.combu'));
    expect(files.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual(
      expect.arrayContaining(['experiment.json', 'plan.json', 'journal.jsonl']),
    );
    for (const path of files) {
      const text = readFileSync(path, 'utf8');
      expect(text, path).not.toContain(PASSED);
      expect(text, path).not.toContain(WRITTEN);
    }
  });

  it('is in no label', async () => {
    const labels = JSON.stringify((await place.containers()).map((each) => each.Config.Labels));
    expect(labels).toContain('combu.fingerprint');
    expect(labels).not.toContain(PASSED);
    expect(labels).not.toContain(WRITTEN);
  });

  it('is masked where a message quotes a log line', () => {
    expect(run.record.ends()['secret-teller']).toBe('failed');
    expect(run.record.one('attempt.ended', 'secret-teller').lastLine).toMatch(/^refused: /);
    expect(run.stdout + run.stderr).toContain('refused: ');
    expect(run.stdout + run.stderr).not.toContain(PASSED);
    expect(run.stdout + run.stderr).not.toContain(WRITTEN);
  });

  it('is kept out of what other commands show', async () => {
    for (const args of [['plan'], ['plan', '--json'], ['status'], ['status', '--json'], ['ps', '--json']]) {
      const shown = await place.combu(args, { env: { E2E_TOKEN: PASSED } });
      expect(shown.stdout + shown.stderr, args.join(' ')).not.toContain(PASSED);
      expect(shown.stdout + shown.stderr, args.join(' ')).not.toContain(WRITTEN);
    }
  });

  it('written in the file is warned of, with the way to pass it through', () => {
    const warning = run.stderr.split('\n').find((line) => line.includes('API_KEY'));
    expect(warning).toContain('null');
  });

  it('that is not set where it is to be passed through is an error with its place', async () => {
    const before = place.runs().length;
    place.write(
      'experiment.jsonnet',
      `[\n  { name: 'secret-user', image: '${BUSYBOX}',\n    env: { E2E_TOKEN: null } },\n]`,
    );
    const ended = await place.combu(['run']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('experiment.jsonnet:3:');
    expect(ended.stderr).toContain('[0].env.E2E_TOKEN');
    expect(place.runs()).toHaveLength(before);
  });
});
