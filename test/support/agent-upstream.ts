import { eventually } from './eventually.js';
import { upstreamServer, type UpstreamRequest } from './upstream-server.js';

/** A model that calls a tool in each of its first answers, and the server that this tool sends to. */
export interface AgentUpstream {
  /** What the application is started with to ask it. */
  readonly environment: Readonly<Record<string, string>>;
  /** How often each was asked: `model <tag> <turn>` and `tool <tag> <turn>`, turns from 0. */
  readonly asked: ReadonlyMap<string, number>;
  /** What the model was told of the results so far, with its last question of a tag. */
  told(tag: string): readonly string[];
  whenAsked(key: string): Promise<unknown>;
  /** Takes in what fits, and answers it only when the returned function is called. */
  hold(key: string): () => void;
  stop(): Promise<void>;
}

const CHAT = '/v1/chat/completions';
/** Answers that call the tool, before the last one. */
export const TURNS = 3;

export async function agentUpstream(): Promise<AgentUpstream> {
  const server = await upstreamServer();
  const asked = new Map<string, number>();
  const told = new Map<string, readonly string[]>();
  const held = new Map<string, Promise<void>>();
  server.answer(async (response, request) => {
    const { key, tag, turn, results } = questionOf(request);
    asked.set(key, (asked.get(key) ?? 0) + 1);
    if (results) told.set(tag, results);
    await held.get(key);
    if (response.destroyed) return;
    const isChat = request.path === CHAT;
    response.writeHead(200, { 'Content-Type': isChat ? 'text/event-stream' : 'application/json' });
    response.end(isChat ? answerOf(tag, turn, server.url) : JSON.stringify({ took: key }));
  });
  return {
    environment: {
      OPENAI_COMPATIBLE_BASE_URL: `${server.url}/v1`,
      OPENAI_COMPATIBLE_MODELS: 'agent',
      DEFAULT_MODEL: 'openai-compatible:agent',
      MODEL_MAX_RETRIES: '0',
      EGRESS_ALLOW: new URL(server.url).host,
    },
    asked,
    told: (tag) => told.get(tag) ?? [],
    whenAsked: (key) => eventually(() => asked.has(key), { withinMs: 30_000, everyMs: 2, what: key }),
    hold: (key) => {
      const gate = Promise.withResolvers<void>();
      held.set(key, gate.promise);
      return () => {
        held.delete(key);
        gate.resolve();
      };
    },
    stop: () => server.stop(),
  };
}

interface Question {
  readonly key: string;
  readonly tag: string;
  readonly turn: number;
  readonly results?: readonly string[];
}

function questionOf({ path, body }: UpstreamRequest): Question {
  if (path !== CHAT) {
    const [, , tag = '', turn = ''] = path.split('/');
    return { key: `tool ${tag} ${turn}`, tag, turn: Number(turn) };
  }
  const messages = body.messages as readonly { readonly role: string; readonly content: unknown }[];
  const of = (role: string) => messages.filter((message) => message.role === role);
  const tag = String(of('user').at(-1)?.content);
  const turn = of('assistant').length;
  return { key: `model ${tag} ${turn}`, tag, turn, results: of('tool').map(({ content }) => String(content)) };
}

function answerOf(tag: string, turn: number, url: string): string {
  const args = JSON.stringify({ method: 'PUT', url: `${url}/tool/${tag}/${turn}` });
  const call = { index: 0, id: `call_${turn}`, type: 'function', function: { name: 'httpRequest', arguments: args } };
  const isLast = turn >= TURNS;
  const choices = [
    { delta: isLast ? { content: `done ${tag}` } : { content: `step ${turn} `, tool_calls: [call] } },
    { delta: {}, finish_reason: isLast ? 'stop' : 'tool_calls' },
  ];
  const chunks = choices.map((choice, index) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'agent',
    choices: [{ index: 0, finish_reason: null, ...choice }],
    ...(index === 1 && { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }),
  }));
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'].join('');
}
