import type { Conversation } from './conversation.js';
import type { Message } from './message.js';
import { markdownOf, markdownTitle } from './conversation-markdown.js';

const message = (content: string): Message => ({
  id: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  conversationId: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2c',
  parentId: null,
  role: 'assistant',
  content,
  sequence: 1,
  createdAt: '2026-11-23T09:30:00.000Z',
});

describe('a conversation as Markdown', () => {
  it('has its title on one line', () => {
    expect(markdownTitle({ title: 'Plans\n# of\tmine ' } as Conversation)).toBe('# Plans # of mine\n');
  });

  it('has each message under its role and time', () => {
    expect(markdownOf(message('Hello.'))).toBe('\n## Assistant, 2026-11-23T09:30:00.000Z\n\nHello.\n');
  });

  it.each(['# A heading', '```\nunclosed', '<script>alert(1)</script>', '  \n\n\ttext\r\n', '---', ''])(
    'leaves the content %j as it is',
    (content) => {
      expect(markdownOf(message(content))).toBe(`\n## Assistant, 2026-11-23T09:30:00.000Z\n\n${content}\n`);
    },
  );
});
