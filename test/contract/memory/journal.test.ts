import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openFileJournal } from '../../../src/journal/file-journal.js';
import { MemoryJournal } from '../../../src/journal/memory-journal.js';
import { createRunFolder } from '../../../src/journal/state-folder.js';
import { systemClock } from '../../../src/util/clock.js';
import { journalContract } from '../journal-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'combu-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let runs = 0;

journalContract('memory', async () => new MemoryJournal(systemClock));
journalContract('file', async () => {
  const run = await createRunFolder(folder, `abcdefghij${String(runs++).padStart(2, '0')}`, Date.now());
  return openFileJournal(run.folder, { clock: systemClock, owner: undefined });
});
