import { newApiKeyText } from './secret-text.js';
import { credentialOf } from './credential.js';

const key = newApiKeyText();

describe('credentialOf', () => {
  it.each([
    [{}, { kind: 'none' }],
    [{ authorization: 'Bearer a.b.c' }, { kind: 'accessToken', token: 'a.b.c' }],
    [{ authorization: 'bearer a.b.c' }, { kind: 'accessToken', token: 'a.b.c' }],
    [{ authorization: `Bearer ${key}` }, { kind: 'apiKey', key }],
    [{ 'x-api-key': key }, { kind: 'apiKey', key }],
  ])('%j', (headers, credential) => {
    expect(credentialOf(headers)).toEqual(credential);
  });

  it.each([
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: 'Bearer  a.b.c' },
    { authorization: 'Bearer a.b.c d' },
    { authorization: 'Bearer a.b.c, Bearer d.e.f' },
    { authorization: 'Basic dXNlcjpwYXNz' },
    { authorization: 'a.b.c' },
    { authorization: key },
    { 'x-api-key': '' },
    { 'x-api-key': 'a.b.c' },
    { 'x-api-key': `${key}, ${key}` },
    { 'x-api-key': key, authorization: 'Bearer a.b.c' },
    { 'x-api-key': key, authorization: `Bearer ${key}` },
  ])('cannot use %j', (headers) => {
    expect(credentialOf(headers).kind).toBe('unusable');
  });
});
