import { describe, expect, it } from 'vitest';
import { readRight } from './reading.js';

describe('secrets', () => {
  const text = `{
    defaults: { env: { DEFAULT_KEY: 'in-defaults' } },
    trials: [
      { name: 'ab', image: 'x', env: { API_TOKEN: 'in-file', TOKEN_OF_MINE: null, LEVEL: 'info' }, params: { max_tokens: 512 } },
      { name: 'cd', image: 'x', env: { db_password: 'pass-word' } },
    ],
  }`;

  it('that are passed through are given apart and stand nowhere else', () => {
    const read = readRight(text);
    expect(read.secrets).toEqual({ TOKEN_OF_MINE: 's3cret' });
    expect(JSON.stringify([read.experiment, read.recorded])).not.toContain('s3cret');
  });

  it('that are written in the file are masked in the record, and warned of once', () => {
    const { recorded, experiment } = readRight(text);
    expect(recorded).toEqual({
      defaults: { env: { DEFAULT_KEY: '********' } },
      trials: [
        {
          name: 'ab',
          image: 'x',
          env: { API_TOKEN: '********', TOKEN_OF_MINE: null, LEVEL: 'info' },
          params: { max_tokens: 512 },
        },
        { name: 'cd', image: 'x', env: { db_password: '********' } },
      ],
    });
    expect(experiment.trials[1]!.env).toMatchObject({ db_password: { value: 'pass-word', secret: true } });
    expect(experiment.warnings).toEqual([
      'the file holds values that look like secrets (env API_TOKEN, DEFAULT_KEY, db_password); they are masked in records. ' +
        "To keep them out of the file too, write `env: { API_TOKEN: null }` and set them in combu's environment",
    ]);
  });

  it('are masked in a bare array too', () => {
    expect(readRight("[{ name: 'ab', image: 'x', env: { KEY: 'k' } }]").recorded).toEqual([
      { name: 'ab', image: 'x', env: { KEY: '********' } },
    ]);
  });

  it('that are set to nothing in the environment are passed through as such', () => {
    const read = readRight("[{ name: 'ab', image: 'x', env: { EMPTY: null } }]", {
      environment: { EMPTY: '' },
    });
    expect(read.secrets).toEqual({ EMPTY: '' });
  });
});
