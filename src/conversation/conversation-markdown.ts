import type { Conversation } from './conversation.js';
import type { Message } from './message.js';

/** The title, on one line. */
export const markdownTitle = ({ title }: Conversation): string => `# ${title.replace(/\s+/g, ' ').trim()}\n`;

/**
 * A message under a heading of its role and time. Its content is not touched: markup in it stays markup, so whoever
 * renders the text treats it as they treat any text of a stranger.
 */
export const markdownOf = ({ role, createdAt, content }: Message): string =>
  `\n## ${role.charAt(0).toUpperCase()}${role.slice(1)}, ${createdAt}\n\n${content}\n`;
