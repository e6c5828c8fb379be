import { isDeepStrictEqual } from 'node:util';
import type { WorkflowJob } from './workflow-job.ts';

/** What one frame of a stream means to the load client. */
export type Frame =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'other' };

/** One HTTP interface under load, as the load client needs to know it. */
export interface LoadTarget {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent where nobody chats. */
  readonly chat?: ChatInterface;
  /** Absent where no workflow is run. */
  readonly workflows?: WorkflowInterface;
}

export interface ChatInterface {
  readonly path: string;
  body(model: string, stream: boolean): string;
  /** The text of a JSON answer. @throws when it has none */
  answer(body: string): string;
  /** The meaning of one `data:` field; called for every frame but `[DONE]`. */
  frame(data: string): Frame;
}

export interface WorkflowInterface {
  readonly path: string;
  runs(job: WorkflowJob): boolean;
}

/** Chatter's own interface, which the peers speak too. `provider` is the prefix that the model's name gets. */
export function chatterTarget(origin: string, headers: Readonly<Record<string, string>>, provider: string): LoadTarget {
  return {
    origin,
    headers: { 'content-type': 'application/json', ...headers },
    chat: {
      path: '/api/v1/chat',
      body: (model, stream) => JSON.stringify({ message: 'Say tok.', model: `${provider}:${model}`, stream }),
      answer: (body) => (JSON.parse(body) as { message: { content: string } }).message.content,
      frame: chatterFrame,
    },
  };
}

/** Chatter's route that runs a definition and answers at its end; `runs` tells which jobs the system can do. */
export const runsRoute = (runs: (job: WorkflowJob) => boolean): WorkflowInterface => ({ path: '/api/v1/runs', runs });

/** What is sent to such a route. */
export const runRequest = ({ definition, input }: WorkflowJob): string => JSON.stringify({ definition, input });

/** What is wrong with its answer; undefined when the run succeeded with the right output. @throws when it is no run */
export function runFault({ output }: WorkflowJob, body: string): string | undefined {
  const { run } = JSON.parse(body) as { run: { status: string; output?: unknown } };
  return run.status === 'succeeded' && isDeepStrictEqual(run.output, output) ? undefined : `ran to ${body}`;
}

/** The model server itself: what a turn costs with no system in between. */
export function modelTarget(origin: string): LoadTarget {
  const messages = [{ role: 'user', content: 'Say tok.' }];
  return {
    origin,
    headers: { 'content-type': 'application/json' },
    chat: {
      path: '/v1/chat/completions',
      body: (model, stream) => JSON.stringify({ model, stream, messages }),
      answer: (body) =>
        (JSON.parse(body) as { choices: [{ message: { content: string } }] }).choices[0].message.content,
      frame: (data) => {
        const chunk = JSON.parse(data) as { choices: { delta: { content?: string }; finish_reason: string | null }[] };
        const choice = chunk.choices[0];
        if (choice?.finish_reason) return { kind: 'end' };
        return choice?.delta.content ? { kind: 'text', text: choice.delta.content } : { kind: 'other' };
      },
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
