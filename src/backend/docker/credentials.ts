import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Failure } from '../../model/failure.js';
import { dockerConfigFolder, readJson, type Surroundings } from './endpoint.js';
import { DOCKER_HUB } from './reference.js';

/** The login for a registry as the engine wants it in a header (base64 of JSON); undefined = none is stored. */
export type LoginFinder = (registry: string) => Promise<string | undefined>;

/** The key under which docker keeps the login of Docker Hub. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** What helpers give as the user when the secret is a token. */
const TOKEN_USER = '<token>';

interface DockerConfig {
  readonly auths?: Readonly<Record<string, StoredLogin>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

interface StoredLogin {
  /** Base64 of `user:password`. */
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

type Login =
  | { readonly username: string; readonly password: string }
  | { readonly identitytoken: string }
  | { readonly registrytoken: string };

/**
 * Finds logins where `docker login` leaves them: a helper of that registry, else the store of all, else config.json.
 * Read anew each time, for a login may come while combu runs.
 */
export function loginFinder(surroundings: Surroundings): LoginFinder {
  return async (registry) => {
    const config = (readJson(join(dockerConfigFolder(surroundings), 'config.json')) ?? {}) as DockerConfig;
    const key = registry === DOCKER_HUB ? DOCKER_HUB_KEY : registry;
    const helper = config.credHelpers?.[registry] ?? config.credHelpers?.[key] ?? config.credsStore;
    const login =
      helper === undefined
        ? undefined
        : await askHelper(`docker-credential-${helper}`, key, surroundings.env);
    const found = login ?? storedLogin(config, registry);
    if (found === undefined) return undefined;
    const text = Buffer.from(JSON.stringify({ ...found, serveraddress: key })).toString('base64');
    // The alphabet for addresses, but padded: the engine takes anything else for no login at all, and says nothing.
    return text.replaceAll('+', '-').replaceAll('/', '_');
  };
}

function storedLogin(config: DockerConfig, registry: string): Login | undefined {
  const entry = Object.entries(config.auths ?? {}).find(([key]) => hostOf(key) === registry)?.[1];
  if (entry === undefined) return undefined;
  if (entry.identitytoken) return { identitytoken: entry.identitytoken };
  if (entry.registrytoken) return { registrytoken: entry.registrytoken };
  if (!entry.auth) return undefined;
  const text = Buffer.from(entry.auth, 'base64').toString();
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Old logins are stored under whole addresses: `https://host/v1/`. */
function hostOf(key: string): string {
  if (key === DOCKER_HUB_KEY) return DOCKER_HUB;
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === 'index.docker.io' ? DOCKER_HUB : host;
}

/** Helpers speak by standard input and output; one that knows no login for this registry ends with 1. */
async function askHelper(program: string, key: string, env: Surroundings['env']): Promise<Login | undefined> {
  const { code, output } = await new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(program, ['get'], {
      env: env as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('close', (code) => resolve({ code, output }));
    child.on('error', (cause) =>
      reject(
        new Failure(`The credential helper ${program} could not be run: ${cause.message}.`, {
          owner: 'refused',
          fix: `Install ${program}, or take it out of docker's config.json.`,
          cause,
        }),
      ),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(key);
  });
  if (code !== 0) return undefined;
  const { Username, Secret } = JSON.parse(output) as { Username?: string; Secret?: string };
  if (!Secret) return undefined;
  return Username === TOKEN_USER ? { identitytoken: Secret } : { username: Username ?? '', password: Secret };
}
