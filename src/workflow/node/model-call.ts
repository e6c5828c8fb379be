import type { ChatDelta, FinishReason, TokenUsage, ToolCall } from '../../llm/chat-model.js';
import { withinContext } from '../../llm/context-budget.js';
import type { LLMService, ResolvedModel } from '../../llm/llm.service.js';
import type { Allowance } from '../../usage/budget/allowance.js';
import { cutTo, inputTokensOf, outputTokensOf } from './counted-tokens.js';
import type { Answer, NodeContext, NodeEvent, Question, SharedAnswer } from './node-type.js';

/** The note that earlier messages were left out. */
export const MEMORY_TRIMMED = 'memory-trimmed';

export interface ModelQuestion extends Omit<Question, 'model'> {
  /** As `LLMService.resolve` gives it. */
  readonly model: Pick<ResolvedModel, 'id' | 'description'>;
  /** Which message of the run the answer's events belong to. */
  readonly messageKey: string;
  /** Kept for later attempts at the run: more of the node follows the answer, and builds on it. */
  readonly isKept?: boolean;
  /** Not shown: it is no part of what the run says. */
  readonly isSilent?: boolean;
}

/** As a provider is asked, with what becomes of the answer. */
type Asked = Question & Pick<ModelQuestion, 'messageKey' | 'isKept' | 'isSilent'>;

export type ModelAnswer = Answer;

type Caller = Pick<NodeContext<unknown>, 'run' | 'signal' | 'emit' | 'room' | 'answered' | 'reserve' | 'shared'>;

/**
 * Asks a model once, within the budgets that concern the call: what it says streams as events of the node, its usage
 * follows, also of a call that breaks off. What it has answered in an earlier attempt at the run is not asked again. Of
 * earlier messages the oldest are left out when the model's context window has no room for them; a note tells how many.
 * The one door to models for nodes. @throws Problem of `llm.errors.ts`, budget-exceeded
 */
export async function modelAnswer(
  llm: LLMService,
  caller: Caller,
  { model: { id, description }, ...question }: ModelQuestion,
): Promise<ModelAnswer> {
  const known = caller.answered(question.messageKey);
  if (known) return known;
  const { messages, leftOut } = await withinContext(question, id, description);
  if (leftOut > 0) caller.emit(trimmed(leftOut, id));
  const asked = { ...question, model: id, messages };
  const opened = caller.shared(asked);
  const shared = opened && (await opened);
  if (!shared) return askedNow(llm, caller, asked);
  if (shared.kind === 'known') return repeated(caller, asked, shared);
  try {
    const answer = await askedNow(llm, caller, asked);
    await shared.keep(answer);
    return answer;
  } finally {
    shared.giveUp();
  }
}

/** Says what was answered before. */
function repeated(
  { emit }: Caller,
  { model, messageKey, isSilent }: Asked,
  { answer, ageMs }: Extract<SharedAnswer, { kind: 'known' }>,
): ModelAnswer {
  if (answer.text !== '' && !isSilent) emit({ type: 'token', content: answer.text, messageKey });
  emit({ type: 'cacheHit', model, ageMs });
  return answer;
}

async function askedNow(llm: LLMService, caller: Caller, asked: Asked): Promise<ModelAnswer> {
  const { messageKey: _key, isKept: _kept, isSilent: _silent, ...question } = asked;
  const { model, maxTokens } = question;
  const allowance = await caller.reserve({
    model,
    maxTokens,
    inputTokens: () => inputTokensOf(asked),
    costOf: (usage) => llm.cost(model, usage),
  });
  const call = new Call(llm, caller, asked, allowance);
  const { signal } = caller;
  // Whoever waits for the node goes on with the abort: what was used by then is told before.
  signal.addEventListener('abort', call.breakOff, { once: true });
  try {
    for await (const deltas of llm.stream({ ...question, workspaceId: caller.run.workspaceId, signal })) {
      await call.take(joined(deltas));
      const full = caller.room();
      if (full) await full;
    }
    return await call.end();
  } catch (error) {
    call.breakOff();
    await call.release();
    throw error;
  } finally {
    signal.removeEventListener('abort', call.breakOff);
  }
}

/** One call of a model, as far as it has come. */
class Call {
  private text = '';
  private usage: TokenUsage | undefined;
  private finishReason: FinishReason = 'stop';
  private readonly toolCalls: ToolCall[] = [];
  /** Tokens written so far, counted here. */
  private written = 0;
  private isBegun = false;
  private isAccounted = false;
  private firstAt = 0;
  private lastAt = 0;

  constructor(
    private readonly llm: LLMService,
    private readonly caller: Caller,
    private readonly asked: Asked,
    private readonly allowance: Allowance | undefined,
  ) {}

  /** What one upstream read brought; of it, what the budgets have room for. @throws Problem budget-exceeded after that */
  async take(deltas: readonly ChatDelta[]): Promise<void> {
    this.isBegun = true;
    if (deltas.some(isSaid)) {
      this.lastAt = performance.now();
      this.firstAt ||= this.lastAt;
    }
    const written = this.written + outputTokensOf(deltas);
    const granted = this.allowance ? await this.allowance.cover(written) : Infinity;
    const fitting = written <= granted ? deltas : cutTo(deltas, granted - this.written);
    for (const delta of fitting) {
      this.written += outputTokensOf([delta]);
      this.hear(delta);
    }
    if (this.allowance && written > granted) {
      this.breakOff();
      throw this.allowance.exceeded();
    }
  }

  async end(): Promise<ModelAnswer> {
    const { messageKey, isKept } = this.asked;
    const answer = { text: this.text.toWellFormed(), toolCalls: this.toolCalls, finishReason: this.finishReason };
    if (this.usage) {
      this.account(this.usage, isKept === true ? { messageKey, ...answer } : undefined);
      await this.allowance?.ended(this.usage);
    }
    return answer;
  }

  /** The call ends in the middle: what it has used by then is estimated. Tells it once, and before the abort goes on. */
  readonly breakOff = (): void => {
    if (!this.isBegun || this.isAccounted) return;
    const [inputTokens, outputTokens] = [inputTokensOf(this.asked), this.written];
    this.account(this.usage ?? { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, estimated: true });
  };

  /** Frees what was reserved for a call that has used nothing. */
  async release(): Promise<void> {
    if (!this.isAccounted) await this.allowance?.release();
  }

  private account(usage: TokenUsage, answer?: ModelAnswer & { readonly messageKey: string }): void {
    this.isAccounted = true;
    const { model } = this.asked;
    const kept = { ...(answer && { answer }), ...(this.allowance && { reservation: this.allowance.id }) };
    const streamed = this.lastAt > this.firstAt && { streamMs: this.lastAt - this.firstAt };
    this.caller.emit({ type: 'usage', usage, cost: this.llm.cost(model, usage), model, ...streamed, ...kept });
  }

  private hear(delta: ChatDelta): void {
    const { emit } = this.caller;
    const { messageKey, isSilent } = this.asked;
    switch (delta.type) {
      case 'text': {
        const content = storable(delta.text);
        this.text += content;
        return isSilent ? undefined : emit({ type: 'token', content, messageKey });
      }
      case 'thinking':
        return isSilent ? undefined : emit({ type: 'thinking', content: storable(delta.text), messageKey });
      case 'usage':
        this.usage = delta.usage;
        return;
      case 'finish':
        this.finishReason = delta.reason;
        return;
      case 'toolCall':
        takePiece(this.toolCalls, delta);
    }
  }
}

const isSaid = ({ type }: ChatDelta): boolean => type === 'text' || type === 'thinking' || type === 'toolCall';

const trimmed = (leftOut: number, model: string): NodeEvent => ({
  type: 'note',
  code: MEMORY_TRIMMED,
  detail: `The ${leftOut === 1 ? 'oldest message was' : `oldest ${leftOut} messages were`} left out: the context window of ${model} has no room for more.`,
});

/** What one upstream read brought, with its text in one piece. */
function joined(deltas: readonly ChatDelta[]): readonly ChatDelta[] {
  if (deltas.length < 2) return deltas;
  const result: ChatDelta[] = [];
  for (const delta of deltas) {
    const last = result.at(-1);
    if (last?.type === 'text' && delta.type === 'text')
      result[result.length - 1] = { type: 'text', text: last.text + delta.text };
    else result.push(delta);
  }
  return result;
}

function takePiece(calls: ToolCall[], piece: Extract<ChatDelta, { type: 'toolCall' }>): void {
  const { id = '', name = '', arguments: args } = piece;
  const begun = calls[piece.index];
  calls[piece.index] = begun ? { ...begun, arguments: begun.arguments + args } : { id, name, arguments: args };
}

/** PostgreSQL stores no NUL. */
const storable = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '') : text);
