import { expect, it } from 'vitest';
import { LABEL } from '../../../src/model/labels.js';
import { experiment, RUN, TestRun } from '../../rig/plan-fixture.js';
import { foreignSpec } from './foreign-spec.js';

it('a container of somebody’s that inherited a trial’s labels makes that trial neither healthy nor ended', async () => {
  const healthcheck = { test: ['CMD', 'true'], interval: 1_000, timeout: 5_000, retries: 30, startPeriod: 0 };
  const test = new TestRun(
    {},
    {
      director: ({ name }) =>
        name === 'solver'
          ? {}
          : {
              ending: { kind: 'never' },
              health: { after: name === 'cache' ? 60_000 : 1_000, result: 'healthy' },
            },
    },
  );
  const plan = await test.clock.run(
    test.plan(
      experiment([
        { name: 'cache', healthcheck },
        { name: 'solver', depends: ['cache'] },
      ]),
    ),
  );
  const labels = { [LABEL.run]: RUN, [LABEL.trial]: 'cache', [LABEL.attempt]: '1', [LABEL.name]: 'cache' };
  const running = test.execute(plan);
  const copy = (async () => {
    await test.clock.sleep(5_000);
    const id = await test.backend.create({ ...foreignSpec, labels, healthcheck });
    await test.backend.start(id);
  })();
  await test.clock.run(Promise.all([running, copy]));
  expect(test.starts()).toEqual({ 'cache.1': 0, 'solver.1': 60 });
});
