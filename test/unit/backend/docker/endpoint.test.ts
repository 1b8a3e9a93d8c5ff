import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findEndpoint, formatAddress } from '../../../../src/backend/docker/endpoint.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'combu-home-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function put(path: string, content: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content);
}

function putContext(name: string, endpoint: object): string {
  const id = createHash('sha256').update(name).digest('hex');
  put(
    `.docker/contexts/meta/${id}/meta.json`,
    JSON.stringify({ Name: name, Endpoints: { docker: endpoint } }),
  );
  return id;
}

describe('the engine is', () => {
  it('where DOCKER_HOST says', () => {
    const at = (value: string) => findEndpoint({ env: { DOCKER_HOST: value }, home });
    expect(at('unix:///run/a.sock')).toEqual({
      address: { kind: 'socket', path: '/run/a.sock' },
      origin: 'DOCKER_HOST',
    });
    expect(at('tcp://lab:2375').address).toEqual({ kind: 'tcp', host: 'lab', port: 2375, tls: undefined });
    expect(at('tcp://[::1]:99').address).toMatchObject({ host: '::1', port: 99 });
    expect(at('lab:2375').address).toMatchObject({ kind: 'tcp', host: 'lab', port: 2375 });
    expect(at('ssh://me@lab:2222').address).toEqual({ kind: 'ssh', host: 'lab', user: 'me', port: 2222 });
    expect(at('ssh://lab').address).toEqual({ kind: 'ssh', host: 'lab', user: undefined, port: undefined });
  });

  it('behind TLS with the certificates of DOCKER_CERT_PATH', () => {
    put('certs/ca.pem', 'CA');
    put('certs/cert.pem', 'CERT');
    put('certs/key.pem', 'KEY');
    const env = { DOCKER_HOST: 'tcp://lab', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(home, 'certs') };
    expect(findEndpoint({ env, home }).address).toEqual({
      kind: 'tcp',
      host: 'lab',
      port: 2376,
      tls: { ca: 'CA', cert: 'CERT', key: 'KEY', verify: true },
    });
  });

  it('that of the current context, with its certificates', () => {
    const id = putContext('lab', { Host: 'tcp://lab:2376', SkipTLSVerify: false });
    put('.docker/config.json', '{"currentContext": "lab"}');
    put(`.docker/contexts/tls/${id}/docker/ca.pem`, 'CA');
    expect(findEndpoint({ env: {}, home })).toEqual({
      address: {
        kind: 'tcp',
        host: 'lab',
        port: 2376,
        tls: { ca: 'CA', cert: undefined, key: undefined, verify: true },
      },
      origin: 'the docker context "lab"',
    });
  });

  it('that of DOCKER_CONTEXT, which DOCKER_HOST overrules', () => {
    putContext('far', { Host: 'ssh://far' });
    put('.docker/config.json', '{"currentContext": "other"}');
    expect(findEndpoint({ env: { DOCKER_CONTEXT: 'far' }, home }).address).toMatchObject({
      kind: 'ssh',
      host: 'far',
    });
    const both = { DOCKER_CONTEXT: 'far', DOCKER_HOST: 'unix:///run/a.sock' };
    expect(findEndpoint({ env: both, home }).origin).toBe('DOCKER_HOST');
  });

  it('at the default socket for the default context', () => {
    put('.docker/config.json', '{"currentContext": "default"}');
    expect(formatAddress(findEndpoint({ env: {}, home }).address)).toMatch(/^unix:\/\/.*docker\.sock$/);
  });

  it('nowhere, where the setting makes no sense, which is named', () => {
    expect(() => findEndpoint({ env: { DOCKER_HOST: 'ftp://lab' }, home })).toThrow(
      /DOCKER_HOST is "ftp:\/\/lab"/,
    );
    expect(() => findEndpoint({ env: { DOCKER_CONTEXT: 'gone' }, home })).toThrow(/no docker context "gone"/);
    put('.docker/config.json', '{"currentContext": ');
    expect(() => findEndpoint({ env: {}, home })).toThrow(/config\.json is not JSON/);
  });
});
