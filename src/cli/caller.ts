import type { CliContext } from './context.js';

/** Who started combu: under sudo the one who called it. Runs, files and results are theirs. */
export interface Caller {
  readonly uid: number;
  readonly gid: number;
  /** combu itself may give files to others. */
  readonly root: boolean;
}

export function callerOf(context: Pick<CliContext, 'uid' | 'gid' | 'env'>): Caller {
  const { uid, gid, env } = context;
  if (uid !== 0) return { uid, gid, root: false };
  return { uid: idOf(env.SUDO_UID) ?? 0, gid: idOf(env.SUDO_GID) ?? 0, root: true };
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
