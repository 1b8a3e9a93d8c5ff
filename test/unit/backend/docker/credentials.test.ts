import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loginFinder } from '../../../../src/backend/docker/credentials.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'combu-home-'));
  mkdirSync(join(home, '.docker'));
});
afterEach(() => rmSync(home, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The login as the engine would read it: padded base64 of JSON in the alphabet for addresses. */
async function loginOf(registry: string, config: object | undefined): Promise<unknown> {
  if (config !== undefined) writeFileSync(join(home, '.docker/config.json'), JSON.stringify(config));
  const env = { PATH: `${home}${delimiter}${process.env.PATH}` };
  const text = await loginFinder({ env, home })(registry);
  if (text === undefined) return undefined;
  expect(text).toMatch(/^[A-Za-z0-9_-]*={0,2}$/);
  expect(text.length % 4).toBe(0);
  return JSON.parse(Buffer.from(text, 'base64url').toString());
}

function putHelper(name: string, answers: Record<string, object>): void {
  const cases = Object.entries(answers).map(
    ([key, answer]) => `'${key}') echo '${JSON.stringify(answer)}';;`,
  );
  const file = join(home, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\nread -r key\ncase "$key" in\n${cases.join('\n')}\n*) exit 1;;\nesac\n`);
  chmodSync(file, 0o755);
}

describe('the login for a registry', () => {
  it('is none where nothing is stored', async () => {
    expect(await loginOf('lab:5000', undefined)).toBeUndefined();
    expect(
      await loginOf('lab:5000', { auths: { 'other:5000': { auth: base64('a:b') }, 'lab:5000': {} } }),
    ).toBeUndefined();
  });

  it('is what config.json has under its host, however written', async () => {
    for (const key of ['lab:5000', 'https://lab:5000', 'https://lab:5000/v1/']) {
      // Characters that make + and / in plain base64.
      expect(await loginOf('lab:5000', { auths: { [key]: { auth: base64('me:a:~~~???') } } })).toEqual({
        username: 'me',
        password: 'a:~~~???',
        serveraddress: 'lab:5000',
      });
    }
  });

  it('is a token where one is stored', async () => {
    expect(await loginOf('lab', { auths: { lab: { auth: base64('me:'), identitytoken: 'T' } } })).toEqual({
      identitytoken: 'T',
      serveraddress: 'lab',
    });
  });

  it('is found for Docker Hub under the name of old', async () => {
    const auths = { 'https://index.docker.io/v1/': { auth: base64('me:secret') } };
    expect(await loginOf('docker.io', { auths })).toMatchObject({ username: 'me', password: 'secret' });
  });

  it("is the registry's own helper's before the store's", async () => {
    putHelper('own', { lab: { Username: 'own', Secret: 's1' } });
    putHelper('all', {
      lab: { Username: 'all', Secret: 's2' },
      'https://index.docker.io/v1/': { Username: '<token>', Secret: 's3' },
    });
    const config = { credHelpers: { lab: 'own' }, credsStore: 'all' };
    expect(await loginOf('lab', config)).toMatchObject({ username: 'own', password: 's1' });
    expect(await loginOf('docker.io', config)).toMatchObject({ identitytoken: 's3' });
    expect(await loginOf('elsewhere', config)).toBeUndefined();
  });

  it('fails with the name of a helper that is not there', async () => {
    await expect(loginOf('lab', { credsStore: 'gone' })).rejects.toMatchObject({
      owner: 'refused',
      message: expect.stringContaining('docker-credential-gone'),
    });
  });
});
