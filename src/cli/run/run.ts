import { ensureStateFolder } from '../../journal/state-folder.js';
import { lockPath, waitForLock } from '../../util/socket-lock.js';
import { commandName } from '../command-name.js';
import { openBackend } from '../compose.js';
import type { CliContext, ExitCode } from '../context.js';
import { EXIT } from '../errors.js';
import { stateFolder } from '../state.js';
import { openChosen } from '../store.js';
import { leaveSupervisor } from './detach.js';
import type { RunFlags } from './flags.js';
import { type Prepared, prepare } from './prepare.js';
import { ownerOf } from './record.js';
import { runSampleFirst } from './sample.js';
import { showPlan } from './show-plan.js';
import { supervise } from './supervise.js';

/** `combu run`: the whole run, from the file to the exit code. */
export async function run(context: CliContext, flags: RunFlags): Promise<ExitCode> {
  if (flags.dryRun === true) return showPlan(context, flags);
  if (flags.detach === true && context.background === undefined) return detach(context, flags);
  if (flags.sample !== undefined) return runSampleFirst(context, flags, runOnce);
  return (await runOnce(context, flags)).code;
}

/** One execution; `prepared`: what of, where it came to that. `begins`: is told of that before anybody can see the run. */
async function runOnce(
  context: CliContext,
  flags: RunFlags,
  begins: (prepared: Prepared) => Promise<void> = async () => {},
): Promise<{ readonly code: ExitCode; readonly prepared?: Prepared }> {
  const closing: (() => Promise<void>)[] = [];
  try {
    const prepared = await prepare(context, flags, {
      async backend() {
        const backend = await openBackend(context, flags);
        closing.push(() => backend.close());
        return backend;
      },
      async turn(experiment) {
        const turn = await waitForLock(lockPath(`combu-start-${experiment}`));
        closing.push(() => turn.release());
        return turn;
      },
      async store(chosen) {
        const store = await openChosen(context, chosen);
        closing.push(() => store.close());
        return store;
      },
    });
    if (typeof prepared === 'number') return { code: prepared };
    await begins(prepared);
    return { code: await supervise(context, flags, prepared), prepared };
  } finally {
    for (const close of closing) await close();
  }
}

/** `combu run -d`: returns when the run in the background has begun. */
async function detach(context: CliContext, flags: RunFlags): Promise<ExitCode> {
  const stateDir = await stateFolder(context, flags);
  await ensureStateFolder(stateDir, ownerOf(context));
  const begun = await leaveSupervisor(context, stateDir, flags.file === '-');
  if (typeof begun === 'number') return begun;
  if (flags.json === true) {
    const document = { schema: 'combu/detached/v1', run: begun.id, folder: begun.folder };
    context.stdout.write(`${JSON.stringify(document)}\n`);
    return EXIT.ok;
  }
  const command = commandName(flags);
  context.stdout.write(`${begun.id}\n`);
  context.stderr.write(
    `The run goes on in the background.\n  look at it:  ${command} status, ${command} logs -f, ${command} attach\n` +
      `  wait for it: ${command} wait\n  end it:      ${command} kill\n`,
  );
  return EXIT.ok;
}
