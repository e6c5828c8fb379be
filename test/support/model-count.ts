import { LLMService } from '../../src/llm/llm.service.js';
import type { TestApp } from './app.js';

/** Counts how often models are asked, by the last thing that is said to them. */
export function countedModels({ app }: TestApp) {
  const llm = app.get(LLMService, { strict: false });
  const stream = llm.stream.bind(llm);
  const asked: string[] = [];
  llm.stream = (request) => {
    asked.push(request.messages.at(-1)?.content ?? '');
    return stream(request);
  };
  return {
    /** How often anything that holds `text` was asked. */
    of: (text: string): number => asked.filter((each) => each.includes(text)).length,
  };
}
