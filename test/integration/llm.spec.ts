import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import type { ServerResponse } from 'node:http';
import type { ChatDelta } from '../../src/llm/chat-model.js';
import { LlmModule } from '../../src/llm/llm.module.js';
import { LLMService } from '../../src/llm/llm.service.js';
import {
  ENVIRONMENT,
  provideConfiguration,
  type EnvironmentVariables,
} from '../../src/platform/config/configuration.js';
import { ServerConfig } from '../../src/platform/config/server.config.js';
import { PluginRegistry } from '../../src/platform/plugin/plugin.registry.js';
import { SecretModule } from '../../src/security/secret/secret.module.js';
import { ANTHROPIC, KEY, OLLAMA, OPENAI, OPENAI_COMPATIBLE, type HttpWire } from '../contract/wires.js';
import { NoSecretsModule } from '../support/no-secrets.js';
import { upstreamServer, type UpstreamServer } from '../support/upstream-server.js';

const variables = (url: string): EnvironmentVariables => ({
  OPENAI_API_KEY: KEY,
  OPENAI_BASE_URL: `${url}/v1`,
  ANTHROPIC_API_KEY: KEY,
  ANTHROPIC_BASE_URL: `${url}/v1`,
  OPENAI_COMPATIBLE_BASE_URL: `${url}/v1`,
  OPENAI_COMPATIBLE_MODELS: 'local/model',
  OPENAI_COMPATIBLE_HEADERS: 'X-Team: blue; X-Title: Chatter',
  OLLAMA_BASE_URL: `${url}/`,
});

describe.each([
  [OPENAI, '/v1/chat/completions', { authorization: `Bearer ${KEY}` }],
  [OPENAI_COMPATIBLE, '/v1/chat/completions', { 'x-team': 'blue', 'x-title': 'Chatter' }],
  [ANTHROPIC, '/v1/messages', { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' }],
  [OLLAMA, '/api/chat', {}],
])('LLMService with $provider', (wire: HttpWire, path, headers) => {
  let server: UpstreamServer;
  let app: TestingModule;
  let llm: LLMService;
  const model = `${wire.provider}:${wire.model}`;
  const whole = wire.answer(['Hello', ' there']).join('');

  beforeEach(async () => {
    server = await upstreamServer();
    app = await application(variables(server.url));
    llm = app.get(LLMService);
  });
  afterEach(async () => {
    await app.close();
    await server.stop();
  });

  it('sends the request where it belongs', async () => {
    server.answer(answered);
    expect(textOf(await hear())).toBe('Hello there');
    expect(server.requests[0]).toMatchObject({
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: { model: wire.model },
    });
  });

  if (wire.provider === 'openai-compatible') return;

  it.each<[string, (response: ServerResponse) => void]>([
    ['a limited rate', (response) => void response.writeHead(429, { 'retry-after': '0' }).end('{}')],
    ['a failure of the provider', (response) => void response.writeHead(500).end('boom')],
    ['a broken connection', (response) => void response.socket?.destroy()],
    ['an answer that ends before it begins', (response) => void response.writeHead(200).end()],
  ])('repeats the call after %s', async (_, fault) => {
    server.answer(fault, fault, answered);
    expect(textOf(await hear())).toBe('Hello there');
    expect(server.requests).toHaveLength(3);
  });

  it('waits as long as the provider asks', async () => {
    server.answer((response) => void response.writeHead(429, { 'retry-after': '1' }).end('{}'), answered);
    const started = Date.now();
    expect(textOf(await hear())).toBe('Hello there');
    expect(Date.now() - started).toBeGreaterThanOrEqual(995);
  });

  it('does not wait longer than it makes sense, but says how long', async () => {
    server.answer((response) => void response.writeHead(429, { 'retry-after': '60' }).end('{}'));
    await expect(hear()).rejects.toMatchObject({ status: 429, headers: { 'Retry-After': '60' } });
    expect(server.requests).toHaveLength(1);
  });

  it('gives up after two retries', async () => {
    server.answer((response) => void response.writeHead(503).end());
    await expect(hear()).rejects.toMatchObject({ type: { slug: 'model-unavailable' } });
    expect(server.requests).toHaveLength(3);
  });

  it.each([400, 401, 404])('does not repeat what is refused with status %i', async (status) => {
    server.answer((response) => void response.writeHead(status).end());
    await expect(hear()).rejects.toMatchObject({ extensions: { upstreamStatus: status } });
    expect(server.requests).toHaveLength(1);
  });

  it('never repeats a call once a delta was delivered', async () => {
    const hello = wire.answer(['Hello']).find((frame) => frame.includes('Hello')) ?? '';
    server.answer((response) => {
      response.writeHead(200).write(hello);
      setTimeout(() => response.socket?.destroy(), 30);
    }, answered);
    await expect(hear()).rejects.toMatchObject({ type: { slug: 'model-stream-broken' } });
    expect(server.requests).toHaveLength(1);
  });

  function answered(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': wire.contentType }).end(whole);
  }

  async function hear(): Promise<ChatDelta[]> {
    const { signal } = new AbortController();
    return (await Array.fromAsync(llm.stream({ model, messages: [{ role: 'user', content: 'hi' }], signal }))).flat();
  }
});

const textOf = (deltas: readonly ChatDelta[]): string =>
  deltas.map((delta) => (delta.type === 'text' ? delta.text : '')).join('');

async function application(environment: EnvironmentVariables): Promise<TestingModule> {
  @Global()
  @Module({
    imports: [DiscoveryModule],
    providers: [{ provide: ENVIRONMENT, useValue: environment }, provideConfiguration(ServerConfig), PluginRegistry],
    exports: [ENVIRONMENT, ServerConfig, PluginRegistry],
  })
  class FakePlatformModule {}
  const app = await Test.createTestingModule({ imports: [FakePlatformModule, LlmModule] })
    .overrideModule(SecretModule)
    .useModule(NoSecretsModule)
    .compile();
  return app.init();
}
