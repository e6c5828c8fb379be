import type { ChatDelta, ChatMessage } from './chat-model.js';
import { estimatedUsage } from './token-estimate.js';

/** The batches of a model call, completed by an estimated `usage` before `finish` when the provider reports none. */
export async function* meteredStream(
  batches: AsyncIterable<readonly ChatDelta[]>,
  messages: readonly ChatMessage[],
): AsyncGenerator<readonly ChatDelta[]> {
  let reported = false;
  let output = '';
  for await (const batch of batches) {
    for (const delta of batch) {
      if (delta.type === 'text' || delta.type === 'thinking') output += delta.text;
      else if (delta.type === 'toolCall') output += (delta.name ?? '') + delta.arguments;
      else if (delta.type === 'usage') reported = true;
    }
    if (!reported && batch.some(({ type }) => type === 'finish')) {
      const usage = await estimatedUsage(messages, output);
      yield batch.flatMap((delta): ChatDelta[] =>
        delta.type === 'finish' ? [{ type: 'usage', usage }, delta] : [delta],
      );
    } else yield batch;
  }
}
