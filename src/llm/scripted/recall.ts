import type { ChatMessage } from '../chat-model.js';
import { contentWords, excerpt, sentences, shared } from './words.js';

const ASKS_WHO = /\bwho am i\b/i;
const ASKS_WHAT = /\b(?:what(?:'s| is| was)|know|remember|recall)\b/i;
const NAME = /\bmy name\b/i;
const ASKS_WORDS =
  /\bwhat did i (?:just )?(?:say|ask|tell|write|mention)\b|\bmy (first|last|previous) (?:message|question)\b/i;
const ASKS_BACK = /^(?:and |so |please )?(?:what|which|where|when|who|whose|how|do|did|can|could|tell)\b/i;
const FIRST_PERSON = /\b(?:i|i'm|my|mine|me|we|our|user|name)\b/i;
const STATED_NAME =
  /\b(?:[Mm]y name is|[Nn]ame is|I am called|[Cc]all me)\s+(\p{L}[\p{L}'’-]{0,40}(?: \p{Lu}[\p{L}'’-]{0,40}){0,3})/u;

/** An answer to a question about what was said before; undefined when it is no such question or nothing fits. */
export function recall(question: string, earlier: readonly ChatMessage[]): string | undefined {
  if (asksName(question)) return recallName(earlier);
  const said = earlier.filter(({ role }) => role === 'user').map(({ content }) => content);
  const words = ASKS_WORDS.exec(question);
  if (words) return recallWords(said, words[1] === 'first' || /\bfirst\b/i.test(question));
  return ASKS_BACK.test(question) && FIRST_PERSON.test(question) ? recallFact(question, earlier) : undefined;
}

function asksName(question: string): boolean {
  const asked = ASKS_WHAT.exec(question);
  return ASKS_WHO.test(question) || (asked !== null && NAME.test(question.slice(asked.index)));
}

function recallName(earlier: readonly ChatMessage[]): string {
  const stated = [...newestFirst(earlier, 'user'), ...newestFirst(earlier, 'system')].map(
    (text) => STATED_NAME.exec(text)?.[1],
  );
  const name = stated.find((candidate) => candidate !== undefined);
  return name === undefined ? 'You have not told me your name in this conversation.' : `Your name is ${name}.`;
}

function recallWords(said: readonly string[], first: boolean): string {
  const text = first ? said[0] : said.at(-1);
  if (text === undefined) return 'This is your first message in this conversation.';
  return `${first ? 'At first' : 'Before'}, you wrote: "${excerpt(text, 500)}"`;
}

/** The sentence, of the person or of a summary, that covers at least half of the question's words. */
function recallFact(question: string, earlier: readonly ChatMessage[]): string | undefined {
  const wanted = contentWords(question);
  const told = newestFirst(earlier, 'user')
    .flatMap(sentences)
    .filter((sentence) => FIRST_PERSON.test(sentence));
  const noted = newestFirst(earlier, 'system').flatMap((text) => sentences(text).toReversed());
  const facts = [...told, ...noted]
    .filter((sentence) => !sentence.endsWith('?'))
    .map((sentence) => ({ sentence, hits: shared(wanted, contentWords(sentence)) }))
    .filter(({ hits }) => hits > 0 && hits * 2 >= wanted.size)
    .sort((a, b) => b.hits - a.hits);
  const fact = facts[0]?.sentence;
  return fact === undefined ? undefined : `You told me: "${excerpt(fact, 300)}"`;
}

function newestFirst(earlier: readonly ChatMessage[], from: ChatMessage['role']): readonly string[] {
  return earlier
    .filter(({ role }) => role === from)
    .map(({ content }) => content)
    .toReversed();
}
