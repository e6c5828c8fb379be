import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LlmConfig } from '../../llm/llm.config.js';
import { OllamaConfig } from '../../llm/providers/ollama.provider.js';
import { OpenAICompatibleConfig } from '../../llm/providers/openai-compatible.provider.js';
import { UpstreamAgent } from '../../llm/wire/upstream-agent.js';
import { OllamaEmbeddings } from './ollama.provider.js';
import { OpenAICompatibleEmbeddings } from './openai-compatible.provider.js';

const { signal } = new AbortController();

describe('embedding providers', () => {
  let server: Server;
  let url: string;
  let agent: UpstreamAgent;
  let answer: { readonly status: number; readonly body: string };
  let asked: { readonly path?: string; readonly key?: string; readonly body: object }[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { url: path, headers } = request;
        asked.push({ path, key: headers.authorization, body: JSON.parse(Buffer.concat(parts).toString()) as object });
        response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(answer.body);
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    agent = new UpstreamAgent(new LlmConfig({}));
  });
  afterAll(async () => {
    await agent.onApplicationShutdown();
    server.close();
  });
  beforeEach(() => {
    asked = [];
  });

  const openai = () =>
    new OpenAICompatibleEmbeddings(
      new OpenAICompatibleConfig({ OPENAI_COMPATIBLE_BASE_URL: `${url}/v1/`, OPENAI_COMPATIBLE_API_KEY: 'key-1234' }),
      agent,
    ).model('small');

  it('speak the protocol of OpenAI, whatever the order of the answer', async () => {
    const data = [
      { index: 1, embedding: [0, 1] },
      { index: 0, embedding: [1, 0] },
    ];
    answer = { status: 200, body: JSON.stringify({ data }) };
    expect(await openai().embed(['a', 'b'], 'passage', signal)).toEqual([Float32Array.of(1, 0), Float32Array.of(0, 1)]);
    expect(asked).toEqual([
      {
        path: '/v1/embeddings',
        key: 'Bearer key-1234',
        body: { model: 'small', input: ['a', 'b'], encoding_format: 'float' },
      },
    ]);
  });

  it('speak the protocol of Ollama', async () => {
    answer = { status: 200, body: JSON.stringify({ embeddings: [[3, 4]] }) };
    const model = new OllamaEmbeddings(new OllamaConfig({ OLLAMA_BASE_URL: url }), agent).model('nomic');
    expect(await model.embed(['a'], 'query', signal)).toEqual([Float32Array.of(3, 4)]);
    expect(asked).toMatchObject([{ path: '/api/embed', body: { model: 'nomic', input: ['a'] } }]);
  });

  it.each([
    [200, '{"data":"none"}', 'embedding-failed'],
    [200, 'no json', 'model-stream-broken'],
    [401, '{"error":{"message":"bad key-1234"}}', 'model-authentication-failed'],
    [429, '{}', 'model-rate-limited'],
    [500, '{}', 'model-unavailable'],
  ])('tell a failure (%i, %s) as %s, without the key', async (status, body, slug) => {
    answer = { status, body };
    const failure = openai().embed(['a'], 'passage', signal);
    await expect(failure).rejects.toMatchObject({ type: { slug } });
    await expect(failure).rejects.not.toThrow('key-1234');
  });
});
