import fc from 'fast-check';
import { providerMessage } from './provider-message.js';

describe('providerMessage', () => {
  it.each([
    ['{"error":{"message":"Too long."}}', 'Too long.'],
    ['{"error":"model not found"}', 'model not found'],
    ['{"message":"No."}', 'No.'],
    ['{"detail":"No."}', 'No.'],
    ['{"type":"error","error":{"type":"x","message":"Overloaded"}}', 'Overloaded'],
    ['plain\n text\u0000\t here', 'plain text here'],
    ['<html><body>502</body></html>', ''],
    ['{"error":{"code":5}}', ''],
    ['[1]', ''],
    ['', ''],
  ])('reads %j', (body, message) => {
    expect(providerMessage(body, [])).toBe(message);
  });

  it('masks what looks like a key even when it is not ours', () => {
    expect(providerMessage('Incorrect API key provided: sk-proj-abcdefghijklmnop.', [])).toBe(
      'Incorrect API key provided: ***',
    );
  });

  it('is one short line without our secrets, whatever the provider says', () => {
    const secret = 'top-secret-4711';
    const around = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(around, around, fc.boolean(), (before, after, json) => {
        const text = `${before}${secret}${after}${secret}`;
        const message = providerMessage(json ? JSON.stringify({ error: { message: text } }) : text, [secret, '']);
        expect(message).not.toContain(secret);
        expect(message).not.toMatch(/[\r\n\u2028]/);
        expect(message.length).toBeLessThanOrEqual(300);
      }),
    );
  });
});
