import { readFileSync } from 'node:fs';
import { followed, streamed, type Heard, type LoadUser, type StreamRecord } from './exchange.ts';

/** One kind of work that users ask for. */
export interface LoadKind {
  readonly name: string;
  run(user: LoadUser): Promise<StreamRecord>;
}

/** What every user uploads before the load. */
export const DOCUMENT = {
  title: 'Kettle',
  content: 'The warranty on every kettle lasts two years from the day of purchase.',
};

const TOKENS = 60;
const TURNS_OF_A_CONVERSATION = 5;
const CUT_AFTER_EVENTS = 6;
const QUESTION = 'How long does the warranty on a kettle last?';
const routing = JSON.parse(
  readFileSync(new URL('../../examples/support-routing.workflow.json', import.meta.url), 'utf8'),
) as object;
const composite = {
  kind: 'composite',
  strategy: 'parallel',
  workflows: [
    { id: 'one', workflow: 'plain' },
    { id: 'two', workflow: 'plain' },
  ],
};

/** The mix, in the order in which each user goes through it, every user from another place. */
export const kinds: readonly LoadKind[] = [
  { name: 'plain', run: (user) => turn(user) },
  { name: 'tools', run: (user) => chat(user, 'tools', 'What is 6*7?', needs('42', 'tool_call', 'tool_result')) },
  { name: 'rag', run: (user) => chat(user, 'rag', QUESTION, needs('two years', 'source')) },
  { name: 'composite', run: (user) => runs(user, 'composite', composite, { message: 'Say exactly: both' }, 'both') },
  {
    name: 'conditional',
    run: (user) => runs(user, 'conditional', routing, { message: 'What is 6*7?', queryComplexity: 0.9 }, '42'),
  },
  {
    name: 'background',
    run: (user) => {
      const body = { workflow: 'plain', mode: 'background', input: { message: words('background') } };
      return followed(user, 'background', { path: '/api/v1/runs', body }, needs('one two three'));
    },
  },
  {
    name: 'cut and resumed',
    run: (user) => {
      const body = { message: words('cut') };
      return streamed(user, 'cut and resumed', { path: '/api/v1/chat', body }, isWhole, CUT_AFTER_EVENTS);
    },
  },
];

const words = (text: string): string => `[[tokens=${TOKENS}]] ${text}`;

/** A turn of the conversation that the user is in, or the first of a new one. */
async function turn(user: LoadUser): Promise<StreamRecord> {
  const { conversation } = user;
  const body = { message: words('turn'), ...(conversation && { conversationId: conversation.id }) };
  return streamed(user, 'plain', { path: '/api/v1/chat', body }, (heard) => {
    const turns = (conversation?.turns ?? 0) + 1;
    const id = heard.conversationId;
    user.conversation = id === undefined || turns >= TURNS_OF_A_CONVERSATION ? undefined : { id, turns };
    return isWhole(heard);
  });
}

const chat = (
  user: LoadUser,
  workflow: string,
  message: string,
  expectation: (heard: Heard) => string | undefined,
): Promise<StreamRecord> =>
  streamed(user, workflow, { path: '/api/v1/chat', body: { workflow, message } }, expectation);

const runs = (user: LoadUser, kind: string, definition: object, input: object, text: string): Promise<StreamRecord> =>
  streamed(
    user,
    kind,
    { path: '/api/v1/runs', body: { definition, input, stream: true } },
    needs(text, 'child_start', 'child_end'),
  );

const isWhole = ({ text }: Heard): string | undefined => {
  const count = text.split(' ').length;
  return count === TOKENS ? undefined : `an answer of ${TOKENS} tokens has ${count}`;
};

const needs =
  (text: string, ...types: readonly string[]) =>
  (heard: Heard): string | undefined => {
    const missing = [...types, 'complete'].filter((type) => !heard.types.has(type));
    if (missing.length > 0) return `there is no event ${missing.join(', ')}`;
    return heard.text.includes(text) ? undefined : `"${text}" is not in the answer: ${heard.text.slice(0, 200)}`;
  };
