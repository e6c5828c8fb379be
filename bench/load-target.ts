/** What one frame of a stream means to the load client. */
export type Frame =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'other' };

/** One HTTP interface that answers chat requests, as the load client needs to know it. */
export interface LoadTarget {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  body(model: string, stream: boolean): string;
  /** The text of a JSON answer. @throws when it has none */
  answer(body: string): string;
  /** The meaning of one `data:` field; called for every frame but `[DONE]`. */
  frame(data: string): Frame;
}

/** Chatter's own interface, which the peers speak too. `provider` is the prefix that the model's name gets. */
export function chatterTarget(origin: string, headers: Readonly<Record<string, string>>, provider: string): LoadTarget {
  return {
    origin,
    path: '/api/v1/chat',
    headers: { 'content-type': 'application/json', ...headers },
    body: (model, stream) => JSON.stringify({ message: 'Say tok.', model: `${provider}:${model}`, stream }),
    answer: (body) => (JSON.parse(body) as { message: { content: string } }).message.content,
    frame: chatterFrame,
  };
}

/** The model server itself: what a turn costs with no system in between. */
export function modelTarget(origin: string): LoadTarget {
  const messages = [{ role: 'user', content: 'Say tok.' }];
  return {
    origin,
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: (model, stream) => JSON.stringify({ model, stream, messages }),
    answer: (body) => (JSON.parse(body) as { choices: [{ message: { content: string } }] }).choices[0].message.content,
    frame: (data) => {
      const chunk = JSON.parse(data) as { choices: { delta: { content?: string }; finish_reason: string | null }[] };
      const choice = chunk.choices[0];
      if (choice?.finish_reason) return { kind: 'end' };
      return choice?.delta.content ? { kind: 'text', text: choice.delta.content } : { kind: 'other' };
    },
  };
}

function chatterFrame(data: string): Frame {
  const event = JSON.parse(data) as { type: string; content?: string };
  switch (event.type) {
    case 'token':
      return { kind: 'text', text: event.content ?? '' };
    case 'complete':
      return { kind: 'end' };
    case 'error':
      return { kind: 'error', message: data };
    default:
      return { kind: 'other' };
  }
}
