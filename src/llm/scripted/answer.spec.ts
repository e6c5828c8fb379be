import fc from 'fast-check';
import type { ChatMessage, ChatRequest } from '../chat-model.js';
import { formatSources } from '../context-sources.js';
import { scriptedAnswer } from './answer.js';

const SOURCES: ChatMessage = {
  role: 'system',
  content: `Answer from these sources and cite them.\n\n${formatSources([
    {
      index: 1,
      title: 'Refund policy',
      text: 'Customers may return any item within 30 days of delivery. Opened software cannot be returned.',
    },
    { index: 2, title: 'Shipping', text: 'Shipping to Germany takes 3 to 5 days.' },
  ])}`,
};
const CALCULATOR = {
  name: 'calculator',
  description: 'Computes.',
  parameters: { type: 'object', properties: { expression: { type: 'string' } }, required: ['expression'] },
};

describe('scriptedAnswer', () => {
  describe('in small talk', () => {
    it('says first that it is a stand-in, then what it heard and sees', () => {
      const text = answer('Hello!', [user('Hi'), assistant('Hello')]);
      expect(text).toMatch(/^I am the scripted stand-in that answers when no model key is configured\. Hello!/);
      expect(text).toContain('"Hello!"');
      expect(text).toContain('2 earlier messages');
    });

    it('remembers the name', () => {
      expect(answer('What is my name?', [user('Hi, my name is Ada Lovelace.'), assistant('Hi')])).toBe(
        'Your name is Ada Lovelace.',
      );
      expect(answer('What is my name?')).toContain('not told me your name');
      expect(answer('What is my name?', [{ role: 'system', content: 'Summary: the user name is Bob.' }])).toBe(
        'Your name is Bob.',
      );
    });

    it('remembers what was said', () => {
      const earlier = [
        user('The sky is green.'),
        assistant('Really?'),
        user('My favourite colour is teal.'),
        assistant('Noted.'),
      ];
      expect(answer('What did I say before?', earlier)).toContain('My favourite colour is teal.');
      expect(answer('What was my first message?', earlier)).toContain('The sky is green.');
      expect(answer('Which colour is my favourite?', earlier)).toContain('teal');
    });

    it('repeats', () => {
      const long = 'word '.repeat(2_000).trim();
      expect(answer(`Repeat: ${long}`)).toBe(long);
      expect(answer('repeat 3 times: ha')).toBe('ha ha ha');
    });

    it('summarises by extracts', () => {
      const text = answer('Please summarise our conversation.', [
        user('My name is Bob. Nice weather!'),
        assistant('Hi'),
        user('I need a refund for order 4711.'),
        assistant('Sure.'),
      ]);
      expect(text).toContain('My name is Bob.');
      expect(text).toContain('4711');
      expect(text).not.toContain('weather');
    });
  });

  describe('with sources', () => {
    it.each([
      ['How many days do I have to return an item?', 'Customers may return any item within 30 days of delivery [1].'],
      ['How long does shipping to Germany take?', 'Shipping to Germany takes 3 to 5 days [2].'],
      ['Can I return opened software?', 'Opened software cannot be returned [1].'],
    ])('answers %s by a cited sentence', (question, expected) => {
      expect(answer(question, [SOURCES])).toBe(expected);
    });

    it.each(['What is the capital of France?', 'Who is the chancellor of Germany?'])(
      'says so when they lack the answer to %s',
      (question) => {
        expect(answer(question, [SOURCES])).toBe(`The 2 sources do not contain an answer to "${question}".`);
      },
    );
  });

  describe('with tools', () => {
    const results: readonly ChatMessage[] = [
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'call_1_1', name: 'calculator', arguments: '{"expression":"6*7"}' }],
      },
      { role: 'tool', content: '{"result":"42"}', toolCallId: 'call_1_1', name: 'calculator' },
    ];

    it('calls the tool that the message asks for', () => {
      const { toolCalls } = scriptedAnswer(
        { messages: [user('What is 6*7?')], tools: [CALCULATOR] },
        'What is 6*7?',
        {},
      );
      expect(toolCalls).toEqual([{ id: 'call_1_1', name: 'calculator', arguments: '{"expression":"6*7"}' }]);
    });

    it('then answers from the result, also when tools are still bound', () => {
      for (const tools of [[CALCULATOR], undefined]) {
        const { text } = scriptedAnswer({ messages: [user('What is 6*7?'), ...results], tools }, 'What is 6*7?', {});
        expect(text).toBe('The tool calculator answered: 42');
      }
    });

    it('says why a tool gave nothing', () => {
      const denied: ChatMessage = {
        role: 'tool',
        content: '{"problem":{"detail":"Not granted."}}',
        toolCallId: 'x',
        name: 'calculator',
      };
      expect(scriptedAnswer({ messages: [user('x'), denied] }, 'x', {}).text).toBe(
        'The tool calculator gave no result: Not granted.',
      );
    });

    it('calls again in a new turn, with another id', () => {
      const messages = [user('What is 6*7?'), ...results, assistant('42'), user('And what is 1+1?')];
      const { toolCalls } = scriptedAnswer({ messages, tools: [CALCULATOR] }, 'And what is 1+1?', {});
      expect(toolCalls).toEqual([{ id: 'call_5_1', name: 'calculator', arguments: '{"expression":"1+1"}' }]);
    });

    it('loops on demand, with the same or with other arguments', () => {
      const ask = (loop: 'same' | 'vary', after: readonly ChatMessage[]) =>
        scriptedAnswer({ messages: [user('6*7'), ...after], tools: [CALCULATOR] }, '6*7', { loop }).toolCalls?.map(
          ({ arguments: args }) => args,
        );
      expect(ask('same', results)).toEqual(ask('same', []));
      expect(ask('vary', results)).not.toEqual(ask('vary', []));
      expect(ask('same', [])).toEqual(['{"expression":"6*7"}']);
    });
  });

  it('answers a schema by JSON', () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    expect(JSON.parse(scriptedAnswer({ messages: [user('Paris')], schema }, 'Paris', {}).text ?? '')).toEqual({
      city: 'Paris',
    });
  });

  it('is the same for the same request, and never fails, whatever is said', () => {
    const message = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.constantFrom('what is my name?', 'summarise', 'repeat 9 times: x', 'search', '2+2', '[1] a\nb'),
    );
    const messages = fc.array(
      fc.record({ role: fc.constantFrom('user' as const, 'assistant' as const, 'system' as const), content: message }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(messages, message, (earlier, last) => {
        const request: Pick<ChatRequest, 'messages' | 'tools'> = {
          messages: [...earlier, user(last)],
          tools: [CALCULATOR],
        };
        expect(scriptedAnswer(request, last, {})).toEqual(scriptedAnswer(structuredClone(request), last, {}));
      }),
      { numRuns: 300 },
    );
  });
});

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });

function answer(message: string, earlier: readonly ChatMessage[] = []): string | undefined {
  return scriptedAnswer({ messages: [...earlier, user(message)] }, message, {}).text;
}
