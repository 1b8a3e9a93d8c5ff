import { beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, engine, type FinishedRun, workplace } from '../../rig/experiment.js';

/** The one long test here: 200 containers, about five starts a second. */
describe('a hundred pairs of server and solver where four pairs fit', () => {
  const place = workplace();
  const PAIRS = 100;
  let run: FinishedRun;
  let request: number;

  beforeAll(async () => {
    const { NCPU: cpus } = (await engine.info()) as { NCPU: number };
    request = cpus / 8;
    run = await place.run(`
      local uuid = 'UUID';
      local base = { image: '${BUSYBOX}', resources: { cpus: ${request} }, networks: ['pairs-%s' % uuid], grace: '2s' };
      local server(id) = base { name: 'server-%s-%d' % [uuid, id], service: true,
        cmd: ['sh', '-c', 'echo I serve %d > /index.html; exec httpd -f -p 8080' % id] };
      local solver(id) = base { name: 'solver-%s-%d' % [uuid, id], depends: ['server-%s-%d' % [uuid, id]],
        cmd: ['sh', '-c', 'until wget -q -O - http://server-%s-%d:8080/index.html; do usleep 50000; done' % [uuid, id]] };
      std.flatMap(function(id) [server(id), solver(id)], std.range(1, ${PAIRS}))`);
  }, 180_000);

  it('all run to their ends, each solver with its own server', () => {
    expect(run.code).toBe(0);
    for (let id = 1; id <= PAIRS; id++) {
      expect(run.record.ends()[`solver-${run.record.id}-${id}`]).toBe('succeeded');
      expect(run.record.ends()[`server-${run.record.id}-${id}`]).toBe('stopped');
      expect(run.record.log(`solver-${run.record.id}-${id}`)).toContain(`I serve ${id}\n`);
    }
  });

  it('never more than four pairs at once, and room is used', () => {
    expect(run.record.mostHeld(() => 1)).toBe(8);
    // Of eight places, the time in which they were given out; the machine's speed is no part of it.
    const { record } = run;
    const began = new Map(record.all('attempt.intended').map(({ trial, time }) => [trial, Date.parse(time)]));
    const ends = record.all('attempt.ended').map((end) => ({
      trial: end.trial,
      time: Date.parse(end.finishedAt ?? ''),
    }));
    const held = ends.reduce((sum, end) => sum + end.time - began.get(end.trial)!, 0);
    const lasted = Math.max(...ends.map((end) => end.time)) - Math.min(...began.values());
    expect(held / lasted).toBeGreaterThan(6);
  });

  it('nothing is left', async () => {
    expect(await place.containers()).toEqual([]);
    expect(await place.networks()).toEqual([]);
  });
});
