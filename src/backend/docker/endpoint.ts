import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../model/failure.js';

/** Certificates in PEM; `verify: false` accepts whoever answers. */
export interface Tls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly verify: boolean;
}

export type EngineAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: Tls | undefined }
  | {
      readonly kind: 'ssh';
      readonly host: string;
      readonly user: string | undefined;
      readonly port: number | undefined;
    };

/** Where the engine is, and which setting says so, for people: `DOCKER_HOST`, `the docker context "lab"`. */
export interface Endpoint {
  readonly address: EngineAddress;
  readonly origin: string;
}

/** What decides: the environment, and the home folder with docker's settings. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** As the docker command decides: DOCKER_HOST, else the current context, else a socket of this machine. */
export function findEndpoint({ env, home }: Surroundings): Endpoint {
  if (env.DOCKER_HOST) return { address: fromDockerHost(env.DOCKER_HOST, env, home), origin: 'DOCKER_HOST' };
  const config = dockerConfigFolder({ env, home });
  const context = env.DOCKER_CONTEXT || currentContext(config);
  if (context !== undefined && context !== 'default') {
    return { address: fromContext(context, config), origin: `the docker context "${context}"` };
  }
  return localSocket(env, home);
}

/** The folder of docker's settings and logins. */
export function dockerConfigFolder({ env, home }: Surroundings): string {
  return env.DOCKER_CONFIG || join(home, '.docker');
}

/** The address as people write it. */
export function formatAddress(address: EngineAddress): string {
  switch (address.kind) {
    case 'socket':
      return `unix://${address.path}`;
    case 'tcp':
      return `tcp://${address.host}:${address.port}`;
    case 'ssh': {
      const user = address.user === undefined ? '' : `${address.user}@`;
      return `ssh://${user}${address.host}${address.port === undefined ? '' : `:${address.port}`}`;
    }
  }
}

function localSocket(env: Surroundings['env'], home: string): Endpoint {
  const usual = '/var/run/docker.sock';
  const others = [
    { path: env.XDG_RUNTIME_DIR && join(env.XDG_RUNTIME_DIR, 'docker.sock'), origin: 'the rootless socket' },
    { path: join(home, '.docker/run/docker.sock'), origin: "Docker Desktop's socket" },
  ];
  if (!existsSync(usual)) {
    for (const { path, origin } of others) {
      if (path && existsSync(path)) return { address: { kind: 'socket', path }, origin };
    }
  }
  return { address: { kind: 'socket', path: usual }, origin: 'the default socket' };
}

function fromDockerHost(value: string, env: Surroundings['env'], home: string): EngineAddress {
  const verify = Boolean(env.DOCKER_TLS_VERIFY);
  const wantsTls = verify || Boolean(env.DOCKER_TLS);
  const folder = env.DOCKER_CERT_PATH || dockerConfigFolder({ env, home });
  const tls = wantsTls ? readTls(folder, verify, 'DOCKER_CERT_PATH') : undefined;
  return parseAddress(value, tls, 'DOCKER_HOST');
}

function fromContext(name: string, config: string): EngineAddress {
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(config, 'contexts/meta', id, 'meta.json');
  const meta = readJson(file) as
    | { Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } } }
    | undefined;
  const endpoint = meta?.Endpoints?.docker;
  if (endpoint?.Host === undefined) {
    throw new Failure(`There is no docker context "${name}" (looked for ${file}).`, {
      owner: 'refused',
      fix: 'Choose one of "docker context ls" with "docker context use NAME", or unset DOCKER_CONTEXT.',
    });
  }
  const folder = join(config, 'contexts/tls', id, 'docker');
  const tls = existsSync(folder)
    ? readTls(folder, endpoint.SkipTLSVerify !== true, `the docker context "${name}"`)
    : undefined;
  return parseAddress(endpoint.Host, tls, `the docker context "${name}"`);
}

function parseAddress(text: string, tls: Tls | undefined, origin: string): EngineAddress {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(text) ?? [undefined, 'tcp', text];
  if (scheme === 'unix') return { kind: 'socket', path: rest || '/var/run/docker.sock' };
  const url = URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : undefined;
  if (url !== undefined && (scheme === 'tcp' || scheme === 'http' || scheme === 'https')) {
    const secure = tls ?? (scheme === 'https' ? NO_CERTIFICATES : undefined);
    const port = url.port === '' ? (secure === undefined ? 2375 : 2376) : Number(url.port);
    return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port, tls: secure };
  }
  if (url !== undefined && scheme === 'ssh') {
    return {
      kind: 'ssh',
      host: url.hostname,
      user: url.username === '' ? undefined : url.username,
      port: url.port === '' ? undefined : Number(url.port),
    };
  }
  throw new Failure(`${origin} is "${text}", which is no address of a Docker engine.`, {
    owner: 'refused',
    fix: 'Write it as unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST.',
  });
}

const NO_CERTIFICATES: Tls = { ca: undefined, cert: undefined, key: undefined, verify: true };

function readTls(folder: string, verify: boolean, origin: string): Tls {
  const read = (name: string) => {
    const file = join(folder, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  try {
    return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem'), verify };
  } catch (error) {
    throw new Failure(
      `The certificates in ${folder} (from ${origin}) can't be read: ${(error as Error).message}.`,
      {
        owner: 'refused',
        fix: 'Make them readable for this user.',
        cause: error,
      },
    );
  }
}

function currentContext(config: string): string | undefined {
  const settings = readJson(join(config, 'config.json')) as { currentContext?: unknown } | undefined;
  return typeof settings?.currentContext === 'string' && settings.currentContext !== ''
    ? settings.currentContext
    : undefined;
}

/** undefined where the file is not there; the docker command too lives without it. */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure(`${file} is not JSON: ${(error as Error).message}.`, {
      owner: 'refused',
      fix: "Mend it; the docker command can't read it either.",
      cause: error,
    });
  }
}
