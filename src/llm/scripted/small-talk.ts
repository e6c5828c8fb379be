import { excerpt } from './words.js';

const NOTICE = 'I am the scripted stand-in that answers when no model key is configured.';
const GREETING = /^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings)\b/i;
const THANKS = /\bthank(?:s| you)\b/i;

/** An honest answer to anything else: who speaks, what was heard, how much of the conversation is in view. */
export function smallTalk(message: string, earlierMessages: number): string {
  const opening = GREETING.test(message) ? 'Hello! ' : THANKS.test(message) ? 'You are welcome. ' : '';
  const heard = message.trim() === '' ? 'Your message is empty.' : `You wrote: "${excerpt(message, 500)}"`;
  return `${NOTICE} ${opening}${heard} ${view(earlierMessages)}`;
}

function view(earlier: number): string {
  if (earlier === 0) return 'I see no earlier messages.';
  return earlier === 1 ? 'I see 1 earlier message.' : `I see ${earlier} earlier messages.`;
}
