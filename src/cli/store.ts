import { Failure } from '../model/failure.js';
import {
  credentialsFrom,
  parseStoreAddress,
  type S3Credentials,
  type StoreAddress,
} from '../store/address.js';
import { type ObjectStore, StoreError } from '../store/object-store.js';
import { openStore } from '../store/open-store.js';
import { isLoopback } from '../util/loopback.js';
import { callerOf } from './caller.js';
import type { CliContext } from './context.js';

/** A store that a run uses, and how it is spoken to. */
export interface ChosenStore {
  readonly address: StoreAddress;
  /** undefined for a folder. */
  readonly credentials: S3Credentials | undefined;
  /** As it can be given again: `s3://bucket/prefix`, or a folder. Without credentials. */
  readonly text: string;
}

/** A store that is open. */
export interface OpenStore {
  readonly chosen: ChosenStore;
  readonly store: ObjectStore;
}

/** What is known of it beside the `--store` flag: from the experiment file, or from a run's journal. */
export interface KnownStore {
  readonly store: string;
  readonly endpoint: string | null | undefined;
  readonly region: string | null | undefined;
}

/** What `--store` says where a run's results shall stay in its folder, whatever the file says. */
export const NOWHERE = 'none';

/**
 * The store that flag, environment (`COMBU_STORE`, read with the flag) and file mean; undefined = none.
 * Throws a Failure for an address that is none, and where credentials are wanting.
 */
export function chooseStore(
  context: Pick<CliContext, 'env' | 'cwd'>,
  flag: string | undefined,
  known: KnownStore | undefined,
): ChosenStore | undefined {
  const text = flag ?? known?.store;
  if (text === undefined || text === NOWHERE) return undefined;
  if (text === 's3') {
    throw new Failure('s3 alone names no place to store results at.', {
      owner: 'user',
      fix: 'Name the bucket: --store s3://bucket/prefix, or COMBU_STORE=s3://bucket/prefix',
    });
  }
  const parsed = parseStoreAddress(text, context.env, {
    base: context.cwd,
    endpoint: known?.endpoint ?? undefined,
    region: known?.region ?? undefined,
  });
  if (!parsed.ok)
    throw new Failure(`No results can be stored at ${shown(text)}: ${parsed.error}.`, { owner: 'user' });
  const address = parsed.value;
  if (address.kind === 'folder') return { address, credentials: undefined, text: address.folder };
  const credentials = credentialsFrom(context.env);
  if (credentials === undefined) {
    throw new Failure(`There are no credentials for the store ${text}.`, {
      owner: 'refused',
      fix: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of combu (AWS_SESSION_TOKEN too, if they are temporary); or keep results here alone: --store none',
    });
  }
  return { address, credentials, text: `s3://${address.bucket}/${address.prefix}`.replace(/\/$/, '') };
}

/** An address may hold a password by mistake. */
function shown(text: string): string {
  return text.includes('@') ? text.replace(/\/\/[^@/]*@/, '//***@') : text;
}

/**
 * Opens it; nothing is asked of it yet. A bucket that is missing is made at the first write. What is made in a folder
 * belongs to the one who called, under sudo too.
 */
export function openChosen(
  context: Pick<CliContext, 'uid' | 'gid' | 'env'>,
  { address, credentials }: ChosenStore,
): Promise<ObjectStore> {
  const caller = callerOf(context);
  const owner = caller.uid === context.uid ? undefined : { uid: caller.uid, gid: caller.gid };
  return openStore(address, { credentials, createBucket: true, owner });
}

/** How long a store may take to answer when it is only asked whether it is there (milliseconds). */
const ANSWER = 20_000;

/** Why nothing could be stored there at present; undefined = nothing speaks against it. */
export async function whyOutOfReach(
  context: Pick<CliContext, 'clock'>,
  store: ObjectStore,
): Promise<string | undefined> {
  const answered = new AbortController();
  const late = context.clock
    .sleep(ANSWER, answered.signal)
    .then(() => `${store.name} does not answer within ${ANSWER / 1000} s`);
  const head = store.head('combu').then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
      // It is made at the first write.
      return error.kind === 'no-bucket' ? undefined : error.message;
    },
  );
  try {
    return await Promise.race([head, late]);
  } finally {
    answered.abort();
  }
}

/**
 * What trials get that speak to the server themselves. Throws a user's Failure where they could not reach it: a folder, or
 * this machine's own loopback address.
 */
export function directEnvironment(
  { address, credentials }: ChosenStore,
  inside: string | undefined,
): Record<string, string> {
  if (address.kind === 'folder' || credentials === undefined) {
    throw new Failure('Trials can speak to a store that speaks S3 only, and this one is a folder.', {
      owner: 'user',
      fix: 'Leave `direct` out of `results`: what trials write into their results folders is stored without it.',
    });
  }
  const endpoint = inside ?? address.endpoint;
  if (inside === undefined && endpoint !== undefined && isLoopback(new URL(endpoint))) {
    throw new Failure(
      `No container can reach this machine at ${endpoint}, and with \`direct\` the trials have to.`,
      {
        owner: 'user',
        fix: 'Write `inside` in `results`: the address of the server as the trials see it, such as "http://minio:9000".',
      },
    );
  }
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    ...(endpoint === undefined ? {} : { S3_ENDPOINT_URL: endpoint }),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    AWS_REGION: address.region,
  };
}
