import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.js';
import { upstreamServer, type UpstreamRequest } from './upstream-server.js';

/** A model server and a plain HTTP server in one, which outlives the processes that ask it and remembers what they asked. */
export interface RecordingUpstream {
  /** What the application is started with to ask it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where `http` nodes send to. */
  readonly url: string;
  /** How often each was asked: prompts of models, paths of other requests. */
  readonly asked: ReadonlyMap<string, number>;
  /** Resolves once something that fits was asked. */
  whenAsked(fits: (key: string) => boolean): Promise<string>;
  /** Keeps what fits waiting until the returned function is called. */
  hold(fits: (key: string) => boolean): () => void;
  stop(): Promise<void>;
}

const MODEL = 'openai-compatible:echo';
const CHAT = '/v1/chat/completions';

/** @param paceMs between two tokens of an answer, and before any other answer */
export async function recordingUpstream(paceMs = 8): Promise<RecordingUpstream> {
  const server = await upstreamServer();
  const asked = new Map<string, number>();
  const held = new Map<(key: string) => boolean, Promise<void>>();
  server.answer(async (response, request) => {
    const key = keyOf(request);
    asked.set(key, (asked.get(key) ?? 0) + 1);
    for (const [fits, released] of held) if (fits(key)) await released;
    const isChat = request.path === CHAT;
    response.writeHead(200, { 'Content-Type': isChat ? 'text/event-stream' : 'application/json' });
    for (const part of isChat ? spoken(key) : [JSON.stringify({ took: key })]) {
      await sleep(paceMs);
      if (response.destroyed) return;
      response.write(part);
    }
    response.end();
  });
  return {
    environment: {
      OPENAI_COMPATIBLE_BASE_URL: `${server.url}/v1`,
      OPENAI_COMPATIBLE_MODELS: 'echo',
      DEFAULT_MODEL: MODEL,
      MODEL_MAX_RETRIES: '0',
      EGRESS_ALLOW: new URL(server.url).host,
    },
    url: server.url,
    asked,
    whenAsked: (fits) => eventually(() => [...asked.keys()].find(fits), { everyMs: 1 }),
    hold: (fits) => {
      const gate = Promise.withResolvers<void>();
      held.set(fits, gate.promise);
      return () => {
        held.delete(fits);
        gate.resolve();
      };
    },
    stop: () => server.stop(),
  };
}

function keyOf({ path, body }: UpstreamRequest): string {
  if (path !== CHAT) return path;
  const messages = body.messages as readonly { readonly role: string; readonly content: unknown }[];
  return String(messages.findLast(({ role }) => role === 'user')?.content);
}

/** The model says what it was asked, in brackets. */
function* spoken(prompt: string): Generator<string> {
  const chunk = (choice: object, more: object = {}): string => {
    const choices = [{ index: 0, finish_reason: null, ...choice }];
    return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'echo', choices, ...more })}\n\n`;
  };
  for (const word of `(${prompt})`.split(/(?<= )/)) yield chunk({ delta: { content: word } });
  yield chunk(
    { delta: {}, finish_reason: 'stop' },
    { usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
  );
  yield 'data: [DONE]\n\n';
}
