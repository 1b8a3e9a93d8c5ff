import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tellSupervisors } from '../../../src/cli/kill/supervisors.js';
import { type HolderRequest, holdRun } from '../../../src/journal/run-lock.js';
import { createRunFolder } from '../../../src/journal/state-folder.js';
import { systemClock } from '../../../src/util/clock.js';

const root = mkdtempSync(join(tmpdir(), 'combu-supervisors-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let runs = 0;
const newRun = () => createRunFolder(root, `s${process.pid}x${runs++}`, Date.now());
const clock = { ...systemClock, sleep: async () => {} };

describe('who is told that a run is killed', () => {
  it('is its supervisor, not a command that holds its record for something else', async () => {
    const [supervised, pushed, free] = [await newRun(), await newRun(), await newRun()];
    const heard: HolderRequest[] = [];
    const supervisor = await holdRun(supervised, { pid: 4711 }, (request) => heard.push(request));
    const push = await holdRun(pushed, { pid: 4712, doing: 'combu push' }, () => {});
    expect(await tellSupervisors(clock, [supervised, pushed, free])).toEqual([
      { run: supervised, pid: 4711 },
    ]);
    expect(heard).toEqual([{ type: 'kill' }]);
    await supervisor?.release();
    await push?.release();
  });

  it.runIf(process.platform === 'linux')('is said to be untold where it does not answer', async () => {
    const run = await newRun();
    const server = createServer((socket) => void socket.destroy()).listen(`\0combu-run-${run.id}`);
    await once(server, 'listening');
    expect(await tellSupervisors(clock, [run])).toEqual([{ run, pid: undefined }]);
    server.close();
  });
});
