import { answerText, TOKEN } from './answer-text.ts';

/** How a fake model answers. */
export interface FakeModel {
  readonly name: string;
  readonly tokens: number;
  /** Time from the request to the first token, and from each token to the next; 0 sends all at once. */
  readonly delayMs: number;
}

/** `fake-t20` says 20 tokens at once, `fake-t200-d20` says 200 with 20 ms before each. Undefined for any other name. */
export function fakeModel(name: string): FakeModel | undefined {
  const match = /^fake-t(\d{1,5})(?:-d(\d{1,5}))?$/.exec(name);
  return match ? { name, tokens: Number(match[1]), delayMs: Number(match[2] ?? 0) } : undefined;
}

/** The pieces of one answer in the OpenAI chat-completions protocol, serialised once. */
export interface AnswerBytes {
  /** The body of an answer that is not streamed. */
  readonly json: Buffer;
  /** The chunk that names the role, before the first token. */
  readonly head: Buffer;
  readonly token: Buffer;
  /** Finish reason, usage when it was asked for, `[DONE]`. */
  readonly tail: Buffer;
  /** Head, all tokens and tail. */
  readonly whole: Buffer;
}

/** @param includeUsage as `stream_options.include_usage` of the request. */
export function answerBytes(model: FakeModel, includeUsage: boolean): AnswerBytes {
  const usage = { prompt_tokens: 10, completion_tokens: model.tokens, total_tokens: 10 + model.tokens };
  const identity = { id: 'chatcmpl-bench', created: 1_700_000_000, model: model.name };
  const chunk = (choices: readonly unknown[], extra: object = {}) =>
    frame({ ...identity, object: 'chat.completion.chunk', choices, ...extra });
  const delta = (content: object, finish: string | null) => [{ index: 0, delta: content, finish_reason: finish }];

  const head = chunk(delta({ role: 'assistant', content: '' }, null));
  const token = chunk(delta({ content: TOKEN }, null));
  const finish = chunk(delta({}, 'stop'));
  const tail = Buffer.concat([
    finish,
    ...(includeUsage ? [chunk([], { usage })] : []),
    Buffer.from('data: [DONE]\n\n'),
  ]);
  const message = { role: 'assistant', content: answerText(model.tokens), refusal: null };
  return {
    json: Buffer.from(
      JSON.stringify({
        ...identity,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage,
      }),
    ),
    head,
    token,
    tail,
    whole: Buffer.concat([head, ...Array.from({ length: model.tokens }, () => token), tail]),
  };
}

function frame(value: unknown): Buffer {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}
