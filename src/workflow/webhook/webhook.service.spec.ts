import { canary } from '../../../test/support/canary.js';
import { egressClient, FakeNetwork } from '../../../test/support/egress.js';
import { HOSTILE_NAMES, refusedUrls } from '../../../test/support/refused-urls.js';
import { Problem } from '../../platform/problem/problem.js';
import type { NewWebhook, WebhookRepository } from './webhook.repository.js';
import { Webhooks } from './webhook.service.js';

const stored: NewWebhook[] = [];
const repository = { add: async (webhook: NewWebhook) => void stored.push(webhook) } as unknown as WebhookRepository;
const webhooks = (names: ConstructorParameters<typeof FakeNetwork>[0], network = new FakeNetwork(names)) => ({
  network,
  service: new Webhooks(repository, egressClient(network)),
});

describe('the address of a webhook', () => {
  it('is refused in every form that is not public, as a fault of the field, and nothing is connected to', async () => {
    const bird = await canary();
    const passed: string[] = [];
    for (const url of refusedUrls(bird.port)) {
      const { service, network } = webhooks(HOSTILE_NAMES);
      const problem: unknown = await service.check(url).catch((error: unknown) => error);
      const pointers = problem instanceof Problem && (problem.body().errors ?? []).map(({ pointer }) => pointer);
      const isRefused = problem instanceof Problem && problem.status === 422 && problem.type.slug === 'egress-refused';
      if (!isRefused || String(pointers) !== '/webhook/url' || network.asked.length > 0) passed.push(url);
    }
    expect(passed).toEqual([]);
    expect(bird.connections).toBe(0);
    await bird.stop();
  });

  it('may be any public one', async () => {
    const { service } = webhooks({ 'example.com': ['93.184.216.34'] });
    await expect(service.check('https://example.com/hook')).resolves.toBeUndefined();
  });
});

describe('the secret of a webhook', () => {
  const { service } = webhooks({});

  it('is the one that was given, and not answered', async () => {
    const secret = `whsec_${Buffer.alloc(24).toString('base64')}`;
    expect(await service.register('w', 'r', { url: 'https://example.com', secret })).toEqual({});
    expect(stored.at(-1)).toEqual({ workspaceId: 'w', runId: 'r', url: 'https://example.com', secret });
  });

  it('is made anew otherwise, and answered', async () => {
    const [one, other] = [
      await service.register('w', 'r', { url: 'https://example.com' }),
      await service.register('w', 'r', { url: 'https://example.com' }),
    ];
    expect(one.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(one.secret).not.toBe(other.secret);
    expect(stored.at(-1)?.secret).toBe(other.secret);
  });
});
