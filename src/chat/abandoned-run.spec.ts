import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { cancelAbandoned } from './abandoned-run.js';

const away = () => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

describe('the cancelling of a run whose reader has left', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const cancelThat = (...faults: readonly Error[]) => {
    const left = [...faults];
    return jest.fn(async () => {
      const fault = left.shift();
      if (fault) throw fault;
    });
  };

  beforeEach(() => warn.mockClear());
  afterAll(() => warn.mockRestore());

  it('is repeated while the database is away', async () => {
    const cancel = cancelThat(away(), away());
    await cancelAbandoned('r', cancel);
    expect([cancel.mock.calls.length, warn.mock.calls]).toEqual([3, []]);
  });

  it('is not repeated when it is refused, and says so', async () => {
    const cancel = cancelThat(new Error('no such run'));
    await cancelAbandoned('r', cancel);
    expect([cancel.mock.calls.length, warn.mock.calls]).toEqual([1, [[expect.stringContaining('no such run')]]]);
  });

  it('is given up in the end, and says so', async () => {
    const cancel = jest.fn(() => Promise.reject(away()));
    await cancelAbandoned('r', cancel, 1_500);
    expect([cancel.mock.calls.length > 1, warn.mock.calls]).toEqual([true, [[expect.stringContaining('Run r ')]]]);
  });
});
