import { Injectable } from '@nestjs/common';
import type { Conversation } from '../conversation/conversation.js';
import { ConversationService } from '../conversation/conversation.service.js';
import type { Message } from '../conversation/message.js';
import { MessageService } from '../conversation/message.service.js';
import { LLMService, type Keyed } from '../llm/llm.service.js';
import { newId } from '../platform/clock/id.js';
import { StreamInterrupted, type EventStream } from '../platform/http/event-stream.js';
import { ClientGone } from '../platform/http/client-gone.js';
import type { Principal } from '../platform/http/principal.js';
import { currentRequest } from '../platform/http/request-context.js';
import { notFound } from '../platform/problem/http.errors.js';
import { problemFromBody, type Problem } from '../platform/problem/problem.js';
import { RunService } from '../workflow/run/run.service.js';
import type { LoggedEvent } from '../workflow/run/run-event.js';
import { waitsForPerson } from '../workflow/run/settled.js';
import { toRunDto } from '../workflow/run/run.dto.js';
import type { Run } from '../workflow/run/run.js';
import type { StartedRun } from '../workflow/run/run-request.js';
import { WorkflowExecutionService } from '../workflow/run/workflow-execution.service.js';
import { shuttingDown } from '../workflow/workflow.errors.js';
import { WorkflowResolver } from '../workflow/workflow-resolver.js';
import { cancelAbandoned } from './abandoned-run.js';
import type { ChatReplyDto, ChatRequestDto } from './chat.dto.js';

/** The turn of a stored message, run again: on the user message that `regenerates` is, or is an answer to. */
export interface Regeneration extends Omit<ChatRequestDto, 'message'> {
  readonly conversationId: string;
  readonly regenerates: string;
}

type TurnRequest = ChatRequestDto | Regeneration;

/** A conversation turn: append the user message, run a workflow on it, append its answer. */
@Injectable()
export class ChatService {
  constructor(
    private readonly conversations: ConversationService,
    private readonly messages: MessageService,
    private readonly execution: WorkflowExecutionService,
    private readonly workflows: WorkflowResolver,
    private readonly llm: LLMService,
    private readonly runs: RunService,
  ) {}

  /** The turn as an event stream. A failure before the first event is thrown as its problem. */
  async stream(caller: Principal, request: TurnRequest): Promise<EventStream> {
    const leave = new AbortController();
    const { run, events } = await this.begin(caller, request, leave.signal);
    const onDisconnect = (): void => {
      leave.abort(new ClientGone());
      this.cancelIfAsked(caller, request, run);
    };
    return this.runs.render(caller, run.id, events, { onDisconnect });
  }

  /** The turn's end: `stream` folded. @throws Problem of a run that did not succeed, with its `runId` */
  async reply(caller: Principal, request: TurnRequest, gone: AbortSignal): Promise<ChatReplyDto> {
    const { run, events, ended } = await this.begin(caller, request, gone);
    const leave = (): void => this.cancelIfAsked(caller, request, run);
    if (gone.aborted) leave();
    else gone.addEventListener('abort', leave, { once: true });
    let last: LoggedEvent | undefined;
    const isWaiting = async (): Promise<boolean> => (await this.execution.get(caller, run.id)).status === 'waiting';
    try {
      const waits = await waitsForPerson(
        tapped(events, (event) => (last = event)),
        isWaiting,
      );
      if (waits) return await this.waitingReply(caller, run);
    } catch (error) {
      throw error instanceof StreamInterrupted ? goesOnElsewhere(run, error) : error;
    }
    return this.replyOf((await ended) ?? (await this.execution.get(caller, run.id)), last);
  }

  /** A repeated request goes on with the run it caused the first time. */
  private async begin(caller: Principal, request: TurnRequest, signal: AbortSignal): Promise<StartedRun> {
    const attached = currentRequest()?.attachedRunId;
    if (attached === undefined) return this.start(caller, request, signal);
    const run = await this.execution.get(caller, attached);
    return { run, events: await this.execution.follow(caller, run.id, 0, signal) };
  }

  private async start(caller: Principal, request: TurnRequest, signal: AbortSignal): Promise<StartedRun> {
    const existing =
      request.conversationId === undefined ? undefined : await this.conversations.open(caller, request.conversationId);
    const question = await this.questionOf(caller, request);
    const keyed = await this.llm.keyed(caller.workspaceId);
    const parameters = this.parametersOf(request, existing, keyed);
    const reference = request.workflow ?? existing?.workflow ?? 'plain';
    const {
      definition,
      parameters: built,
      ...workflow
    } = await this.workflows.resolve(caller.workspaceId, reference, parameters, {
      parametersAreInput: true,
      fallback: { model: this.llm.resolve(undefined, keyed).id },
    });
    const model = typeof built?.model === 'string' ? { model: this.llm.resolve(built.model, keyed).id } : {};
    const conversationId = existing?.id ?? newId();
    const run = {
      kind: 'chat' as const,
      workflow,
      definition,
      input: { ...model, ...parameters, message: question.content },
      conversationId,
      messageId: question.id,
      limits: request.limits,
      metadata: request.metadata,
      onBusy: request.onBusy,
      prepare: existing ? undefined : () => this.createConversation(caller, conversationId, question.content, request),
    };
    return this.execution.start(caller, run, signal);
  }

  private async createConversation(
    caller: Principal,
    id: string,
    firstMessage: string,
    { systemMessage, model, workflow }: TurnRequest,
  ): Promise<void> {
    await this.conversations.create(caller, { id, firstMessage, systemMessage, model, workflow });
  }

  /** The user message the turn is about: a new one, or one that is stored. */
  private async questionOf(
    caller: Principal,
    request: TurnRequest,
  ): Promise<{ readonly id: string; readonly content: string }> {
    if ('message' in request) return { id: newId(), content: request.message };
    return this.messages.questionOf(caller, request.conversationId, request.regenerates);
  }

  /** What the workflow is built from; `parameters` go before the fields of the same names. */
  private parametersOf(
    request: TurnRequest,
    conversation: Conversation | undefined,
    keyed: Keyed,
  ): Readonly<Record<string, unknown>> {
    const { systemMessage = conversation?.systemMessage, temperature, maxTokens, memoryWindow } = request;
    const { tools, collections, documentIds, parameters } = request;
    const asked = parameters?.model ?? request.model ?? conversation?.model;
    const model = typeof asked === 'string' ? this.llm.resolve(asked, keyed).id : asked;
    const fields = { systemMessage, temperature, maxTokens, memoryWindow, tools, collections, documentIds };
    const given = { ...fields, ...parameters, model };
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
  }

  private cancelIfAsked(caller: Principal, { onDisconnect }: TurnRequest, run: Run): void {
    if (onDisconnect === 'cancel') void cancelAbandoned(run.id, () => this.execution.cancel(caller, run.id));
  }

  /** The turn waits for a person: there is no answer yet. */
  private async waitingReply(caller: Principal, { id, conversationId }: Run): Promise<ChatReplyDto> {
    const [run, conversation, approvals] = await Promise.all([
      this.runs.get(caller, id),
      conversationId === null ? undefined : this.conversations.get(caller.workspaceId, conversationId),
      this.runs.pendingApprovals(id),
    ]);
    if (!conversation) throw notFound('The conversation was deleted before its answer could be shown.');
    return { conversation, run, approvals };
  }

  private async replyOf(run: Run, last: LoggedEvent | undefined): Promise<ChatReplyDto> {
    if (run.problem) throw problemFromBody(run.problem);
    const { message: told } = JSON.parse(last?.data ?? '{}') as { readonly message?: Message };
    const { workspaceId, conversationId } = run;
    const conversation =
      conversationId === null ? undefined : await this.conversations.get(workspaceId, conversationId);
    // A message too large for an event is told by its id alone.
    const isWhole = told?.content !== undefined || conversationId === null;
    const message = isWhole ? told : await this.messages.get(workspaceId, conversationId, told?.id ?? '');
    if (!conversation || !message) throw notFound('The conversation was deleted before its answer could be shown.');
    return { conversation, message, run: toRunDto(run) };
  }
}

/** The batches, with the last event of each shown to `see`. */
async function* tapped(
  events: AsyncIterable<readonly LoggedEvent[]>,
  see: (event: LoggedEvent | undefined) => void,
): AsyncGenerator<readonly LoggedEvent[], void> {
  for await (const batch of events) {
    see(batch.at(-1));
    yield batch;
  }
}

/** This process shuts down; the run is handed over. */
const goesOnElsewhere = ({ id }: Run, { retryMs }: StreamInterrupted): Problem =>
  shuttingDown(`This process shuts down. Run ${id} goes on in another: read it at /api/v1/runs/${id}.`, {
    extensions: { runId: id },
    headers: { 'Retry-After': String(Math.ceil(retryMs / 1_000)) },
  });
