import { describe, expect, it } from 'vitest';
import { decide, shared } from '../../../src/cli/run/last-run.js';

const nothing = { resume: false, anew: false, yes: false, terminal: false };

describe('the last run of an experiment', () => {
  it('that has ended gives way to a new one, or is continued', () => {
    expect(decide('abc', 'ended', nothing)).toEqual({ kind: 'new', clear: 'leftovers' });
    expect(decide('abc', 'ended', { ...nothing, yes: true })).toEqual({ kind: 'new', clear: 'leftovers' });
    expect(decide('abc', 'ended', { ...nothing, resume: true })).toEqual({ kind: 'resume' });
  });

  it('that is alive is left alone and can not be resumed', () => {
    expect(decide('abc', 'alive', { ...nothing, anew: true })).toEqual({ kind: 'new', clear: 'nothing' });
    const refusal = decide('abc', 'alive', { ...nothing, resume: true });
    expect(refusal).toMatchObject({ kind: 'refuse', message: expect.stringContaining('abc') });
  });

  it('that was interrupted is asked about on a terminal', () => {
    expect(decide('abc', 'interrupted', { ...nothing, terminal: true })).toEqual({ kind: 'ask' });
  });

  it('that was interrupted is refused without a terminal, with both ways named', () => {
    const refusal = decide('abc', 'interrupted', nothing);
    if (refusal.kind !== 'refuse') throw new Error(refusal.kind);
    expect(refusal.fix).toContain('--resume');
    expect(refusal.fix).toContain('--new');
  });

  it('that was interrupted goes the way that a flag says', () => {
    expect(decide('abc', 'interrupted', { ...nothing, yes: true })).toEqual({ kind: 'resume' });
    expect(decide('abc', 'interrupted', { ...nothing, resume: true })).toEqual({ kind: 'resume' });
    expect(decide('abc', 'interrupted', { ...nothing, anew: true, yes: true })).toEqual({
      kind: 'new',
      clear: 'everything',
    });
  });
});

describe('what two runs share', () => {
  const mine = { names: ['a', 'b'], ports: ['8080/tcp'], volumes: ['data'] };

  it('is nothing where names, ports and volumes differ', () => {
    expect(shared(mine, { names: ['c'], ports: ['8080/udp'], volumes: [] })).toEqual([]);
  });

  it('is said by kind', () => {
    expect(shared(mine, { names: ['b', 'c'], ports: ['8080/tcp'], volumes: ['data'] })).toEqual([
      'the names b',
      'the host ports 8080/tcp',
      'the volumes data',
    ]);
  });

  it('is cut to three names', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(shared({ ...mine, names }, { names, ports: [], volumes: [] })).toEqual([
      'the names a, b, c and 2 more',
    ]);
  });
});
