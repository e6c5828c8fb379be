import { Injectable } from '@nestjs/common';
import type { Conversation } from '../conversation/conversation.js';
import { ConversationService } from '../conversation/conversation.service.js';
import type { Message } from '../conversation/message.js';
import { LLMService } from '../llm/llm.service.js';
import { newId } from '../platform/clock/id.js';
import { StreamInterrupted, type EventStream } from '../platform/http/event-stream.js';
import { ClientGone } from '../platform/http/client-gone.js';
import type { Principal } from '../platform/http/principal.js';
import { currentRequest } from '../platform/http/request-context.js';
import { notFound } from '../platform/problem/http.errors.js';
import { problemFromBody, type Problem } from '../platform/problem/problem.js';
import { RunService } from '../workflow/run/run.service.js';
import type { LoggedEvent } from '../workflow/run/run-event.js';
import { toRunDto } from '../workflow/run/run.dto.js';
import type { Run } from '../workflow/run/run.js';
import { WorkflowExecutionService, type StartedRun } from '../workflow/run/workflow-execution.service.js';
import { shuttingDown } from '../workflow/workflow.errors.js';
import { WorkflowResolver } from '../workflow/workflow-resolver.js';
import type { ChatReplyDto, ChatRequestDto } from './chat.dto.js';

/** A conversation turn: append the user message, run a workflow on it, append its answer. */
@Injectable()
export class ChatService {
  constructor(
    private readonly conversations: ConversationService,
    private readonly execution: WorkflowExecutionService,
    private readonly workflows: WorkflowResolver,
    private readonly llm: LLMService,
    private readonly runs: RunService,
  ) {}

  /** The turn as an event stream. A failure before the first event is thrown as its problem. */
  async stream(caller: Principal, request: ChatRequestDto): Promise<EventStream> {
    const leave = new AbortController();
    const { run, events } = await this.begin(caller, request, leave.signal);
    const onDisconnect = (): void => {
      leave.abort(new ClientGone());
      this.cancelIfAsked(caller, request, run);
    };
    return this.runs.render(caller, run.id, events, { onDisconnect });
  }

  /** The turn's end: `stream` folded. @throws Problem of a run that did not succeed, with its `runId` */
  async reply(caller: Principal, request: ChatRequestDto, gone: AbortSignal): Promise<ChatReplyDto> {
    const { run, events } = await this.begin(caller, request, gone);
    const leave = (): void => this.cancelIfAsked(caller, request, run);
    if (gone.aborted) leave();
    else gone.addEventListener('abort', leave, { once: true });
    let last: LoggedEvent | undefined;
    try {
      for await (const batch of events) last = batch.at(-1);
    } catch (error) {
      throw error instanceof StreamInterrupted ? goesOnElsewhere(run, error) : error;
    }
    return this.replyOf(await this.execution.get(caller, run.id), last);
  }

  /** A repeated request goes on with the run it caused the first time. */
  private async begin(caller: Principal, request: ChatRequestDto, signal: AbortSignal): Promise<StartedRun> {
    const attached = currentRequest()?.attachedRunId;
    if (attached === undefined) return this.start(caller, request, signal);
    const run = await this.execution.get(caller, attached);
    return { run, events: await this.execution.follow(caller, run.id, 0, signal) };
  }

  private async start(caller: Principal, request: ChatRequestDto, signal: AbortSignal): Promise<StartedRun> {
    const existing =
      request.conversationId === undefined ? undefined : await this.conversations.open(caller, request.conversationId);
    const parameters = this.parametersOf(request, existing);
    const { name, definition } = this.workflows.resolve(
      request.workflow ?? existing?.workflow ?? 'plain',
      byReference(parameters),
    );
    const conversationId = existing?.id ?? newId();
    const run = {
      kind: 'chat' as const,
      workflow: { name },
      definition,
      input: { ...parameters, message: request.message },
      conversationId,
      messageId: newId(),
      limits: request.limits,
      metadata: request.metadata,
      onBusy: request.onBusy,
      prepare: existing ? undefined : () => this.createConversation(caller, conversationId, request),
    };
    return this.execution.start(caller, run, signal);
  }

  private async createConversation(
    caller: Principal,
    id: string,
    { message, systemMessage, model, workflow }: ChatRequestDto,
  ): Promise<void> {
    await this.conversations.create(caller, { id, firstMessage: message, systemMessage, model, workflow });
  }

  /** What the workflow is built from; `parameters` go before the fields of the same names. */
  private parametersOf(
    request: ChatRequestDto,
    conversation: Conversation | undefined,
  ): Readonly<Record<string, unknown>> {
    const { systemMessage = conversation?.systemMessage, temperature, maxTokens, memoryWindow, parameters } = request;
    const asked = parameters?.model ?? request.model ?? conversation?.model ?? undefined;
    const model = typeof asked === 'string' || asked === undefined ? this.llm.resolve(asked).id : asked;
    const given = { systemMessage, temperature, maxTokens, memoryWindow, ...parameters, model };
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
  }

  private cancelIfAsked(caller: Principal, { onDisconnect }: ChatRequestDto, run: Run): void {
    if (onDisconnect === 'cancel') this.execution.cancel(caller, run.id).catch(() => undefined);
  }

  private async replyOf(run: Run, last: LoggedEvent | undefined): Promise<ChatReplyDto> {
    if (run.problem) throw problemFromBody(run.problem);
    const { message } = JSON.parse(last?.data ?? '{}') as { readonly message?: Message };
    const conversation =
      run.conversationId === null ? undefined : await this.conversations.get(run.workspaceId, run.conversationId);
    if (!conversation || !message) throw notFound('The conversation was deleted before its answer could be shown.');
    return { conversation, message, run: toRunDto(run) };
  }
}

/** This process shuts down; the run is handed over. */
const goesOnElsewhere = ({ id }: Run, { retryMs }: StreamInterrupted): Problem =>
  shuttingDown(`This process shuts down. Run ${id} goes on in another: read it at /api/v1/runs/${id}.`, {
    extensions: { runId: id },
    headers: { 'Retry-After': String(Math.ceil(retryMs / 1_000)) },
  });

/** Free text reaches nodes by reference: what looks like a reference inside it stays text. */
const byReference = (parameters: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  parameters.systemMessage === undefined ? parameters : { ...parameters, systemMessage: '{{input.systemMessage}}' };
