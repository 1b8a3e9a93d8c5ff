import { expect, it } from 'vitest';
import { parseEvent } from '../../../../src/backend/docker/events.js';

const line = (action: string) =>
  JSON.stringify({
    status: action,
    id: 'abc',
    Type: 'container',
    Action: action,
    Actor: { ID: 'abc', Attributes: { 'combu.run': 'r', exitCode: '0', name: 'solver' } },
    time: 1795274296,
    timeNano: 1795274296225463600,
  });

it.each([
  ['start', 'started'],
  ['die', 'ended'],
  ['oom', 'oom'],
  ['destroy', 'removed'],
  ['health_status: healthy', 'healthy'],
  ['health_status: unhealthy', 'unhealthy'],
])('%s means %s', (action, kind) => {
  expect(parseEvent(line(action))).toMatchObject({
    kind,
    container: 'abc',
    labels: { 'combu.run': 'r' },
    time: 1795274296225,
  });
});

it.each(['exec_create: sh', 'attach', 'kill', 'health_status: starting'])(
  '%s means nothing to combu',
  (action) => {
    expect(parseEvent(line(action))).toBeUndefined();
  },
);
