import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createReporter, type ReporterKind } from '../../../src/report/reporter.js';
import { stoppedClock } from '../../rig/command.js';
import { RunScript } from '../../rig/run-events.js';
import { FakeTerminal } from '../../rig/terminal.js';

function finished(outcome: 'succeeded' | 'failed'): RunScript {
  const run = new RunScript().start(['a']).begin('a');
  run.at = 3;
  if (outcome === 'succeeded') run.end('a', 3);
  else run.fail('a', 3, 'boom');
  return run.add({ type: 'run.ended', outcome, exitCode: outcome === 'succeeded' ? 0 : 1 });
}

/** All that a reporter of the kind prints of a run. */
function printed(kind: ReporterKind, run: RunScript): string {
  const stream = new PassThrough();
  const reporter = createReporter(kind, stream, { ...options(run) });
  for (const event of run.events) reporter.onEvent(event);
  reporter.finish();
  reporter.finish();
  return (stream.read() as Buffer | null)?.toString() ?? '';
}

function options(run: RunScript) {
  return {
    clock: stoppedClock(run.time()),
    color: false,
    unicode: false,
    folder: '.combu/runs/x',
    command: 'combu -f other.jsonnet',
  };
}

describe('a reporter', () => {
  it('of JSON hands on every event, one a line, each with its schema', () => {
    const run = finished('failed');
    const lines = printed('json', run).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      JSON.parse(JSON.stringify(run.events.map((event) => ({ schema: 'combu/event/v1', ...event })))),
    );
  });

  it('that is quiet says nothing of a success, and the summary of a failure', () => {
    expect(printed('quiet', finished('succeeded'))).toBe('');
    expect(printed('quiet', finished('failed'))).toMatch(/^run k3jq8x0mz2ab of iris failed after 3\.0s\n/);
  });

  it('of plain lines ends with the summary, once', () => {
    const text = printed('plain', finished('failed'));
    expect(text).toContain('14:00:03  a failed after 3.0s: exit 1: boom\nrun k3jq8x0mz2ab of iris failed');
    expect(text.match(/iris failed after/g)).toHaveLength(1);
    expect(text).toContain('combu -f other.jsonnet logs a');
    expect(text).not.toContain('\x1b');
  });

  it('of a terminal leaves the summary alone on it', () => {
    const terminal = new FakeTerminal(80, 24);
    const run = finished('failed');
    const reporter = createReporter('tty', terminal, options(run));
    for (const event of run.events) reporter.onEvent(event);
    reporter.finish();
    expect(terminal.screen[0]).toBe('run k3jq8x0mz2ab of iris failed after 3.0s');
    expect(terminal.screen.join('\n')).not.toContain('latest failures');
  });

  it('prints no summary of a run that goes on', () => {
    const run = new RunScript().start(['a']).begin('a');
    expect(printed('plain', run)).not.toContain('logs and results');
  });

  it('does not take the former end of a continued run for its end', () => {
    const run = finished('failed');
    const stream = new PassThrough();
    const reporter = createReporter('plain', stream, { ...options(run), state: run.state() });
    reporter.finish();
    expect(stream.read()).toBeNull();
  });
});
