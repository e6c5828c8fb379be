import {
  modelAuthenticationFailed,
  modelRateLimited,
  modelRejected,
  modelTimeout,
  modelUnavailable,
} from '../../llm/llm.errors.js';
import { documentUnreadable, embeddingFailed } from '../knowledge.errors.js';
import { passingPauseMs } from './passing-fault.js';

const MOST = 600_000;
const restarted = Object.assign(new Error('terminating connection'), { code: '57P01' });
const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' });
const limited = (seconds: string) => modelRateLimited('x', { headers: { 'Retry-After': seconds } });

describe('the pause before a document is begun again', () => {
  it.each([
    ['a database that restarts', restarted],
    ['a deadlock', deadlock],
    ['a limited rate', modelRateLimited('x')],
    ['a provider that is away', modelUnavailable('x')],
    ['a model that is too slow', modelTimeout('x')],
  ])('is made for %s, for ten minutes at most', (_, error) => {
    expect(passingPauseMs(error, 0)).toBe(2_000);
    expect(passingPauseMs(error, MOST)).toBeUndefined();
  });

  it.each([
    ['the document itself', documentUnreadable('x')],
    ['a refused key', modelAuthenticationFailed('x')],
    ['a refused request', modelRejected('x')],
    ['an answer that is none', embeddingFailed('x')],
    ['a statement that is wrong', Object.assign(new Error('x'), { code: '42601' })],
    ['anything else', new Error('x')],
  ])('is not made for %s', (_, error) => {
    expect(passingPauseMs(error, 0)).toBeUndefined();
  });

  it('doubles up to a minute', () => {
    const pauses: number[] = [];
    for (let hindered = 0; pauses.length < 8; hindered += pauses.at(-1) ?? 0)
      pauses.push(passingPauseMs(restarted, hindered) ?? 0);
    expect(pauses).toEqual([2_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('is as long as the provider asks, and ten minutes at most', () => {
    expect(passingPauseMs(limited('90'), 0)).toBe(90_000);
    expect(passingPauseMs(limited('1'), 16_000)).toBe(16_000);
    expect(passingPauseMs(limited('86400'), 0)).toBe(MOST);
  });
});
