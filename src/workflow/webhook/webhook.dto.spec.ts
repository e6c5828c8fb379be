import { Problem } from '../../platform/problem/problem.js';
import { RequestValidationPipe } from '../../platform/http/validation.pipe.js';
import { WebhookDto, WebhookField } from './webhook.dto.js';

class RequestDto {
  @WebhookField()
  readonly webhook?: WebhookDto;
}

const read = (webhook: unknown): Promise<RequestDto> =>
  new RequestValidationPipe().transform({ webhook }, { type: 'body', metatype: RequestDto }) as Promise<RequestDto>;

const faultsOf = async (webhook: unknown): Promise<readonly string[]> => {
  const error: unknown = await read(webhook).catch((thrown: unknown) => thrown);
  return error instanceof Problem ? (error.body().errors ?? []).map(({ pointer }) => pointer) : ['none'];
};

const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;

describe('the webhook of a request', () => {
  it('may be absent', async () => {
    expect((await read(undefined)).webhook).toBeUndefined();
  });

  it.each(['https://example.com/hook', { url: 'https://example.com/hook' }])(
    'may be a URL or an object: %j',
    async (given) => {
      const { webhook } = await read(given);
      expect(webhook).toBeInstanceOf(WebhookDto);
      expect(webhook).toMatchObject({ url: 'https://example.com/hook' });
    },
  );

  it.each([24, 25, 26, 32, 63, 64].map((bytes) => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`))(
    'may bring its secret: %s',
    async (secret) => {
      expect((await read({ url: 'https://example.com', secret })).webhook).toEqual({
        url: 'https://example.com',
        secret,
      });
    },
  );

  it.each([
    ['/webhook/url', 'ftp://example.com'],
    ['/webhook/url', ''],
    ['/webhook/url', { secret: SECRET }],
    ['/webhook/url', { url: 7 }],
    ['/webhook', 7],
    ['/webhook', null],
    ['/webhook', ['https://example.com']],
    ['/webhook/secret', { url: 'https://example.com', secret: 'hunter2' }],
    ['/webhook/secret', { url: 'https://example.com', secret: SECRET.slice(0, -4) }],
    ['/webhook/secret', { url: 'https://example.com', secret: `${SECRET}${'A'.repeat(72)}` }],
    ['/webhook/other', { url: 'https://example.com', other: 1 }],
  ])('is refused at %s: %j', async (pointer, given) => {
    expect(await faultsOf(given)).toContain(pointer);
  });
});
