import { parseDirectives } from './directives.js';

describe('parseDirectives', () => {
  it.each([
    ['[[fail]]', { fault: { kind: 'fail', after: 0 } }],
    ['[[fail:after=5]]', { fault: { kind: 'fail', after: 5 } }],
    ['[[fail=timeout:after=2]]', { fault: { kind: 'timeout', after: 2 } }],
    ['[[fail=nonsense]]', { fault: { kind: 'fail', after: 0 } }],
    ['[[stall:after=3]]', { fault: { kind: 'stall', after: 3 } }],
    ['[[cut]]', { fault: { kind: 'cut', after: 0 } }],
    ['[[rate-limit]]', { fault: { kind: 'rate-limit', after: 0, retryAfterSeconds: 1 } }],
    ['[[rate-limit=30]]', { fault: { kind: 'rate-limit', after: 0, retryAfterSeconds: 30 } }],
    ['[[tokens=200]]', { tokens: 200 }],
    ['[[tokens=999999999]]', { tokens: 100_000 }],
    ['[[slow=50]]', { paceMs: 50 }],
    ['[[slow=0]]', { paceMs: 0 }],
    ['[[think]]', { think: true }],
    ['[[loop]]', { loop: 'same' }],
    ['[[loop=vary]]', { loop: 'vary' }],
    ['[[slow=1]] and [[cut:after=2]]', { paceMs: 1, fault: { kind: 'cut', after: 2 } }],
  ])('reads %s', (message, directives) => {
    expect(parseDirectives(message).directives).toEqual(directives);
  });

  it('takes the directives out of the text', () => {
    expect(parseDirectives('Hello [[fail]] world').text).toBe('Hello   world');
  });

  it.each(['[[unknown]]', '[[tokens', 'fail', '[[fail:after=]]', '[[__proto__=1]]'])('leaves %s alone', (message) => {
    expect(parseDirectives(message)).toEqual({ directives: {}, text: message });
  });
});
