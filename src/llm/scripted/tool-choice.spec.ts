import type { ToolSpecification } from '../chat-model.js';
import { chosenTools } from './tool-choice.js';

const TOOLS = [
  tool('calculator', 'Evaluates an arithmetic expression.', { expression: { type: 'string' } }),
  tool('current_time', 'The current time.', {}),
  tool('searchKnowledge', 'Searches the documents.', { query: { type: 'string' } }),
  tool('createTicket', 'Creates a support ticket.', {
    subject: { type: 'string' },
    priority: { enum: ['low', 'high'] },
  }),
  tool('http_get', 'Fetches a page.', { url: { type: 'string' } }),
];

describe('chosenTools', () => {
  it.each([
    ['What is 6 * 7?', [['calculator', { expression: '6 * 7' }]]],
    ['what time is it?', [['current_time', {}]]],
    ['Search the knowledge base for refund rules.', [['searchKnowledge', { query: 'refund rules' }]]],
    [
      'Please create a ticket with high priority',
      [['createTicket', { subject: 'Please create a ticket with high priority', priority: 'high' }]],
    ],
    ['use http_get with {"url":"https://example.com"}', [['http_get', { url: 'https://example.com' }]]],
    ['Call the calculator with 8/2', [['calculator', { expression: '8/2' }]]],
    [
      'What is 2+2 and what time is it?',
      [
        ['calculator', { expression: '2+2' }],
        ['current_time', {}],
      ],
    ],
  ])('answers %s by a call', (message, calls) => {
    expect(chosenTools(message, TOOLS).map(({ name, arguments: args }) => [name, args])).toEqual(calls);
  });

  it.each(['Hello, how are you?', 'I bought a calculator yesterday', 'Tell me a story', ''])(
    'leaves the tools alone for %j',
    (message) => {
      expect(chosenTools(message, TOOLS)).toEqual([]);
    },
  );
});

function tool(name: string, description: string, properties: Record<string, unknown>): ToolSpecification {
  return { name, description, parameters: { type: 'object', properties, required: Object.keys(properties) } };
}
