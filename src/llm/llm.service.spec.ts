import { Global, Injectable, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { ENVIRONMENT, provideConfiguration, type EnvironmentVariables } from '../platform/config/configuration.js';
import { ServerConfig } from '../platform/config/server.config.js';
import { NoSecretsModule } from '../../test/support/no-secrets.js';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { Problem } from '../platform/problem/problem.js';
import { SecretModule } from '../security/secret/secret.module.js';
import type { ChatDelta, ChatModel } from './chat-model.js';
import { modelUnavailable } from './llm.errors.js';
import { LlmModule } from './llm.module.js';
import { LLMService } from './llm.service.js';
import { Provider, type ModelDescription, type ModelProvider } from './model-provider.js';
import { ModelController } from './model.controller.js';

const signal = new AbortController().signal;
const CALLER = { userId: 'u', workspaceId: 'w', role: 'viewer', isSystemAdmin: false } as const;
const SILENT = { log: () => undefined, warn: () => undefined, error: () => undefined };

describe('LLMService', () => {
  let app: TestingModule | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function started(environment: EnvironmentVariables = {}): Promise<LLMService> {
    app = await application({ SCRIPTED_TOKEN_MS: '0', ...environment });
    await app.init();
    return app.get(LLMService);
  }

  describe('resolve', () => {
    it('falls back to the scripted model when nothing is configured', async () => {
      expect((await started()).resolve()).toMatchObject({
        id: 'scripted:default',
        provider: 'scripted',
        model: 'default',
      });
    });

    it('takes the first model of the first configured provider', async () => {
      const llm = await started({ ANTHROPIC_API_KEY: 'a', OLLAMA_BASE_URL: 'http://127.0.0.1:9' });
      expect(llm.resolve().id).toBe('anthropic:claude-haiku-4-5');
    });

    it('takes DEFAULT_MODEL before that', async () => {
      const llm = await started({ ANTHROPIC_API_KEY: 'a', DEFAULT_MODEL: 'scripted:default' });
      expect(llm.resolve().id).toBe('scripted:default');
    });

    it('does not start with a DEFAULT_MODEL that cannot be used', async () => {
      app = await application({ DEFAULT_MODEL: 'openai:gpt-4o' });
      await expect(app.init()).rejects.toThrow('OPENAI_API_KEY');
    });

    it('finds a listed model by its bare name, and names with colons', async () => {
      const llm = await started({
        OPENAI_API_KEY: 'a',
        OLLAMA_BASE_URL: 'http://127.0.0.1:9',
        OLLAMA_MODELS: 'llama3:8b',
      });
      expect(llm.resolve('gpt-4o').id).toBe('openai:gpt-4o');
      expect(llm.resolve('llama3:8b')).toMatchObject({ id: 'ollama:llama3:8b', model: 'llama3:8b' });
      expect(llm.resolve('ollama:qwen3:4b')).toMatchObject({
        model: 'qwen3:4b',
        description: { contextWindow: 8_192 },
      });
    });

    it("takes unlisted names of a provider's own families, and of any server behind another address", async () => {
      const llm = await started({ OPENAI_API_KEY: 'a' });
      expect(llm.resolve('openai:gpt-4o-2024-08-06').model).toBe('gpt-4o-2024-08-06');
      expect(refusal(() => llm.resolve('openai:llama'))).toMatchObject({ slug: 'model-unknown' });
      await app?.close();
      expect(
        (await started({ OPENAI_API_KEY: 'a', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' })).resolve('openai:llama')
          .model,
      ).toBe('llama');
    });

    it.each(['nope', 'nope:x', 'scripted:other', 'gpt-4o', '', ':', 'constructor:x', '__proto__', 'openai\n:x'])(
      'does not know %j',
      async (name) => {
        const llm = await started();
        expect(refusal(() => llm.resolve(name))).toEqual({
          slug: 'model-unknown',
          status: 422,
          detail: expect.stringContaining('GET /api/v1/models'),
        });
      },
    );

    it('names the variable of a provider that is not configured', async () => {
      const llm = await started();
      expect(refusal(() => llm.resolve('anthropic:claude-opus-4-5'))).toEqual({
        slug: 'model-not-configured',
        status: 422,
        detail: expect.stringContaining('ANTHROPIC_API_KEY'),
      });
    });
  });

  describe('stream', () => {
    it('calls the default model', async () => {
      const deltas = await hear(await started(), 'Hello');
      expect(deltas.map(({ type }) => type).slice(-2)).toEqual(['usage', 'finish']);
    });

    it('repeats a call that fails before its first delta, and estimates a missing usage', async () => {
      const llm = await started({ DEFAULT_MODEL: 'flaky:twice' });
      expect(await hear(llm, 'Hello')).toEqual([
        { type: 'text', text: 'third time' },
        { type: 'usage', usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3, estimated: true } },
        { type: 'finish', reason: 'stop' },
      ]);
    });

    it('repeats nothing when MODEL_MAX_RETRIES is 0', async () => {
      const llm = await started({ DEFAULT_MODEL: 'flaky:twice', MODEL_MAX_RETRIES: '0' });
      await expect(hear(llm, 'Hello')).rejects.toThrow('failure 1');
    });

    it('refuses an unknown model', async () => {
      const llm = await started();
      await expect(async () => Array.fromAsync(llm.stream({ model: 'nope', messages: [], signal }))).rejects.toThrow(
        'There is no model "nope"',
      );
    });
  });

  it('knows what a call costs, or that it does not', async () => {
    const llm = await started({ MODEL_PRICES: '{"ollama:m": {"inputPerMillion": 1, "outputPerMillion": 2}}' });
    const usage = { inputTokens: 1_000_000, outputTokens: 1_000_000, totalTokens: 2_000_000 };
    expect(
      ['scripted:default', 'openai:gpt-4o-mini', 'ollama:m', 'ollama:n', 'nope'].map((id) => llm.cost(id, usage)),
    ).toEqual([0, 0.75, 3, null, null]);
  });

  describe('ModelController', () => {
    it('lists the models that can be used, with their prices and the default', async () => {
      await started({ OPENAI_API_KEY: 'a', OPENAI_MODELS: 'gpt-4o-mini,my-own' });
      const { items, nextCursor } = await app!.get(ModelController).models(CALLER);
      expect(nextCursor).toBeNull();
      expect(items.map(({ id, default: isDefault, price }) => [id, isDefault, price?.inputPerMillion])).toEqual([
        ['openai:gpt-4o-mini', true, 0.15],
        ['openai:my-own', false, undefined],
        ['scripted:default', false, 0],
        ['flaky:twice', false, undefined],
      ]);
      expect(items[0]).toEqual({
        id: 'openai:gpt-4o-mini',
        provider: 'openai',
        name: 'gpt-4o-mini',
        title: 'GPT-4o mini',
        contextWindow: 128_000,
        maxOutputTokens: 16_384,
        capabilities: { tools: true, structuredOutput: true, vision: true },
        price: { inputPerMillion: 0.15, outputPerMillion: 0.6, currency: 'USD' },
        default: true,
      });
    });

    it('lists every provider, and shows no key', async () => {
      await started({ ANTHROPIC_API_KEY: 'sk-very-secret' });
      const page = await app!.get(ModelController).providers(CALLER);
      expect(page.items.map(({ name, configured, default: isDefault }) => [name, configured, isDefault])).toEqual([
        ['openai', false, false],
        ['anthropic', true, true],
        ['google', false, false],
        ['openai-compatible', false, false],
        ['ollama', false, false],
        ['scripted', true, false],
        ['flaky', true, false],
      ]);
      expect(JSON.stringify(page)).not.toContain('sk-very-secret');
    });
  });

  it.each([
    ['production', undefined, true],
    ['production', 'true', false],
    ['development', undefined, false],
    ['test', 'false', true],
  ])(
    'in %s, with SCRIPTED_DIRECTIVES %s, takes directives for text: %s',
    async (NODE_ENV, SCRIPTED_DIRECTIVES, asText) => {
      const llm = await started({ NODE_ENV, SCRIPTED_DIRECTIVES });
      const text = (await hear(llm, '[[tokens=3]]')).map((delta) => (delta.type === 'text' ? delta.text : '')).join('');
      expect(text === 'one two three').toBe(!asText);
    },
  );
});

/** Fails twice with each start of the application, reports no usage. */
@Injectable()
@Provider({ name: 'flaky', title: 'Flaky', rank: 2_000, configuredBy: [] })
class FlakyProvider implements ModelProvider, ChatModel {
  private failures = 0;

  isConfigured(): boolean {
    return true;
  }

  models(): readonly ModelDescription[] {
    return [{ name: 'twice', contextWindow: 1_000, capabilities: { tools: false, structuredOutput: false } }];
  }

  chatModel(): ChatModel {
    return this;
  }

  async *stream(): AsyncGenerator<readonly ChatDelta[]> {
    if (++this.failures <= 2) throw modelUnavailable(`failure ${this.failures}`);
    yield [
      { type: 'text', text: 'third time' },
      { type: 'finish', reason: 'stop' },
    ];
  }
}

function application(environment: EnvironmentVariables): Promise<TestingModule> {
  @Global()
  @Module({
    imports: [DiscoveryModule],
    providers: [
      { provide: ENVIRONMENT, useValue: environment },
      provideConfiguration(ServerConfig),
      PluginRegistry,
      FlakyProvider,
    ],
    exports: [ENVIRONMENT, ServerConfig, PluginRegistry],
  })
  class FakePlatformModule {}
  return Test.createTestingModule({ imports: [LlmModule, FakePlatformModule] })
    .overrideModule(SecretModule)
    .useModule(NoSecretsModule)
    .setLogger(SILENT)
    .compile();
}

async function hear(llm: LLMService, content: string): Promise<ChatDelta[]> {
  return (await Array.fromAsync(llm.stream({ messages: [{ role: 'user', content }], signal }))).flat();
}

function refusal(act: () => unknown): { slug: string; status: number; detail: string } | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return { slug: error.type.slug, status: error.status, detail: error.detail };
    throw error;
  }
  return undefined;
}
