import { randomUUID } from 'node:crypto';
import type { ChatDelta } from '../chat-model.js';

interface OpenCall {
  readonly index: number;
  readonly id: string;
  empty: boolean;
}

/**
 * Turns a provider's tool-call pieces into deltas that keep the contract: indexes count from 0 without gaps, the first
 * piece carries id and name, and every call has arguments (`{}` when the model wrote none). Knows the providers' habits:
 * no index, one index for several calls, an id repeated on each piece, no id at all.
 */
export class ToolCallPieces {
  private readonly open = new Map<number, OpenCall>();
  private readonly calls: OpenCall[] = [];

  /** Whether the model called any tool. */
  get any(): boolean {
    return this.calls.length > 0;
  }

  /** One piece; `slot` is the provider's own index of the call. */
  piece(
    slot: number | undefined,
    id: string | undefined,
    name: string | undefined,
    args: string,
    into: ChatDelta[],
  ): void {
    const current = slot === undefined ? this.continued(id) : this.open.get(slot);
    if (current !== undefined && (!id || id === current.id)) {
      if (args !== '') this.write(current, args, into);
      return;
    }
    const index = this.calls.length;
    const call: OpenCall = { index, id: id || `call_${randomUUID()}`, empty: args === '' };
    this.calls.push(call);
    this.open.set(slot ?? index, call);
    into.push({ type: 'toolCall', index, id: call.id, name: name ?? '', arguments: args });
  }

  /** The answer is complete. */
  end(into: ChatDelta[]): void {
    for (const call of this.calls) if (call.empty) this.write(call, '{}', into);
  }

  /** The call that a piece without an index goes on with: the one of its id, or the last. */
  private continued(id: string | undefined): OpenCall | undefined {
    return id ? this.calls.find((call) => call.id === id) : this.calls.at(-1);
  }

  private write(call: OpenCall, args: string, into: ChatDelta[]): void {
    call.empty = false;
    into.push({ type: 'toolCall', index: call.index, arguments: args });
  }
}
