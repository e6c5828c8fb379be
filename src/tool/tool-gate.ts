import { Injectable } from '@nestjs/common';
import { Problem, problemFromBody } from '../platform/problem/problem.js';
import { contentHash } from '../platform/schema/canonical-json.js';
import { Budgets } from '../usage/budget/budgets.js';
import { QuotaRepository } from './access/quota.repository.js';
import { decisionIn, ToolAccess, type ToolCaller } from './access/tool-access.js';
import type { ToolDecision } from './access/tool-decision.js';
import type { ToolCallRecord } from './ledger/tool-call.js';
import { ToolLedger } from './ledger/tool-ledger.js';
import { ToolCatalogue } from './tool-catalogue.js';
import { ToolDispatcher } from './tool-dispatcher.js';
import type { ToolInvocation, ToolOutcome, ToolPermit } from './tool-invocation.js';
import { aboutCall, aboutDoubt } from './tool-question.js';
import type { OfferedTool } from './tool-source.js';
import {
  toolApprovalNeeded,
  toolCallChanged,
  toolDenied,
  toolDisabled,
  toolInDoubt,
  toolQuotaExceeded,
  toolUnknown,
} from './tool.errors.js';

export type { ToolCaller } from './access/tool-access.js';
export type { ToolInvocation, ToolOutcome, ToolPermit } from './tool-invocation.js';

/**
 * The one door to tools: whoever wants a tool called, calls it here. In this order: is there such a tool; may the user
 * call it; is it switched on; do its arguments fit; how risky is the call; is a quota or a budget used up; does a person
 * agree; then it is called. What was decided before a wait is decided anew after it.
 */
@Injectable()
export class ToolGate {
  constructor(
    private readonly catalogue: ToolCatalogue,
    private readonly access: ToolAccess,
    private readonly quotas: QuotaRepository,
    private readonly budgets: Budgets,
    private readonly ledger: ToolLedger,
    private readonly dispatcher: ToolDispatcher,
  ) {}

  /**
   * Whatever is wrong with the call or the tool is an outcome. A call that was made before is not made again: its outcome
   * is answered. @throws the signal's reason, ClaimLost, what `askPerson` throws, and what says that the database is away
   */
  async invoke(invocation: ToolInvocation): Promise<ToolOutcome> {
    invocation.signal.throwIfAborted();
    const known = await this.ledger.find(invocation);
    if (known && isOtherCall(known, invocation)) return notCalled('error', otherCall(known));
    if (known && isOver(known)) return remembered(known);
    const tool = await this.catalogue.find(invocation.workspaceId, invocation.tool);
    if (!tool) return notCalled('error', toolUnknown(`There is no tool "${shown(invocation.tool)}".`));
    return this.pass(tool, invocation, known);
  }

  /** The tools the caller may call now, whatever a person has yet to approve. */
  async offered(caller: ToolCaller): Promise<readonly OfferedTool[]> {
    const [state, tools] = await Promise.all([this.access.stateOf(caller), this.catalogue.all(caller.workspaceId)]);
    return tools.filter((tool) => decisionIn(state, tool, {}).allowed);
  }

  private async pass(
    tool: OfferedTool,
    invocation: ToolInvocation,
    known: ToolCallRecord | undefined,
  ): Promise<ToolOutcome> {
    let call = known;
    try {
      if (known && isInDoubt(known)) return await this.inDoubt(tool, invocation, known);
      const { decision, parsed } = await this.checked(tool, invocation, known?.arguments ?? invocation.arguments);
      const isAgain = known?.status === 'dispatched';
      if (decision.needsApproval && !isAgain && !invocation.askPerson)
        return notCalled('awaiting_approval', toolApprovalNeeded(decision.reason));
      call ??= await this.planned(tool, invocation, decision);
      if (!isAgain) await this.affordable(invocation);
      if (isAgain || !decision.needsApproval)
        return await this.dispatcher.dispatch({ tool, call, arguments: call.arguments, parsed }, invocation);
      return await this.approved(tool, invocation, call, decision);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 'denied')
        await this.ledger.refuse(invocation, tool, error.problem, { known: error.call ?? call, risk: tool.risk });
      return notCalled(error.status, error.problem);
    }
  }

  /** @throws Refused */
  private async checked(
    tool: OfferedTool,
    invocation: ToolInvocation,
    args: unknown,
  ): Promise<{ readonly decision: ToolDecision; readonly parsed: unknown }> {
    const decision = await this.access.decide(invocation, tool, args);
    if (!decision.allowed)
      throw new Refused((decision.refusal === 'disabled' ? toolDisabled : toolDenied)(decision.reason));
    return { decision, parsed: await parsedBy(tool, args) };
  }

  /** Counts the call too, once. @throws Refused when the quota is used up */
  private async planned(
    tool: OfferedTool,
    invocation: ToolInvocation,
    { risk, grant }: ToolDecision,
  ): Promise<ToolCallRecord> {
    const call = await this.ledger.plan(invocation, tool, risk);
    if (!call) throw new Refused(toolCallChanged(`Call ${invocation.callId} is being made already.`), 'error');
    const usedUp = grant && (await this.quotas.take(grant, invocation.userId));
    if (!usedUp) return call;
    const { window, retryAfterSeconds } = usedUp;
    const detail = `You have called "${tool.name}" as often this ${window} as its grant allows; wait ${retryAfterSeconds} s.`;
    const headers = { 'Retry-After': String(retryAfterSeconds) };
    throw new Refused(toolQuotaExceeded(detail, { headers }), 'denied', call);
  }

  /** @throws Refused when a budget is used up */
  private async affordable({ workspaceId, userId, workflow = '' }: ToolInvocation): Promise<void> {
    try {
      await this.budgets.admitToolCall({ workspaceId, userId, workflow });
    } catch (error) {
      throw error instanceof Problem ? new Refused(error) : error;
    }
  }

  private async approved(
    tool: OfferedTool,
    invocation: ToolInvocation,
    call: ToolCallRecord,
    { risk, reason }: ToolDecision,
  ): Promise<ToolOutcome> {
    await this.ledger.awaitApproval(call, invocation);
    const permit = await this.asked(invocation, aboutCall(tool, call, { risk, reason }));
    if (!permit?.approved) throw new Refused(toolDenied(refusalOf(tool, permit)));
    return this.permitted(invocation, call, permit.arguments ?? call.arguments);
  }

  /** Calls it again only when a person says so. */
  private async inDoubt(tool: OfferedTool, invocation: ToolInvocation, call: ToolCallRecord): Promise<ToolOutcome> {
    const problem = toolInDoubt(
      `The call of "${tool.name}" was cut before its answer came: it may have taken effect. Look there before you call it again.`,
    );
    if (call.status === 'dispatched')
      await this.ledger.end(call, { status: 'in_doubt', problem: problem.record(), durationMs: 0 }, invocation);
    const permit = await this.asked(invocation, aboutDoubt(tool, call));
    if (permit?.approved) return this.permitted(invocation, call, permit.arguments ?? call.arguments);
    return { status: 'in_doubt', problem, durationMs: 0, wasCalled: true };
  }

  /** Undefined when nobody can be asked. @throws Refused when the answer is about other arguments */
  private async asked(
    { askPerson }: ToolInvocation,
    question: Parameters<NonNullable<ToolInvocation['askPerson']>>[0],
  ): Promise<ToolPermit | undefined> {
    const permit = await askPerson?.(question);
    if (permit?.approved && permit.argumentsHash !== question.argumentsHash)
      throw new Refused(
        toolDenied('The approval was given for other arguments than these, so it does not count here.'),
      );
    return permit;
  }

  /** A person has agreed, perhaps long ago: whether the tool may be called is asked anew. */
  private async permitted(invocation: ToolInvocation, call: ToolCallRecord, args: unknown): Promise<ToolOutcome> {
    const tool = await this.catalogue.find(invocation.workspaceId, invocation.tool);
    if (!tool) throw new Refused(toolDisabled(`The tool "${shown(invocation.tool)}" is not there any more.`));
    const { parsed } = await this.checked(tool, invocation, args);
    await this.affordable(invocation);
    return this.dispatcher.dispatch({ tool, call, arguments: args, parsed }, invocation);
  }
}

/** The call does not go on. */
class Refused extends Error {
  constructor(
    readonly problem: Problem,
    readonly status: 'denied' | 'error' = 'denied',
    readonly call?: ToolCallRecord,
  ) {
    super(problem.message);
  }
}

async function parsedBy(tool: OfferedTool, args: unknown): Promise<unknown> {
  try {
    return await tool.parse(args);
  } catch (error) {
    throw error instanceof Problem ? new Refused(error, 'error') : error;
  }
}

const isOver = ({ status }: ToolCallRecord): boolean => status === 'ok' || status === 'error' || status === 'denied';

/** A tool that acts anew each time was called, and nobody knows what came of it. */
const isInDoubt = ({ status, effect }: ToolCallRecord): boolean =>
  status === 'in_doubt' || (status === 'dispatched' && effect === 'once');

const isOtherCall = ({ tool, askedHash }: ToolCallRecord, invocation: ToolInvocation): boolean =>
  tool !== invocation.tool || askedHash !== contentHash(invocation.arguments);

const otherCall = ({ callId, tool }: ToolCallRecord): Problem =>
  toolCallChanged(`Call ${callId} was made before, of "${tool}" with other arguments.`);

function remembered({ status, result, problem, durationMs }: ToolCallRecord): ToolOutcome {
  if (status === 'ok' || !problem) return { status: 'ok', result, durationMs: durationMs ?? 0 };
  const isDenied = status === 'denied';
  return {
    status: isDenied ? 'denied' : 'error',
    problem: problemFromBody(problem),
    durationMs: durationMs ?? 0,
    wasCalled: !isDenied,
  };
}

const notCalled = (status: 'error' | 'denied' | 'awaiting_approval', problem: Problem): ToolOutcome => ({
  status,
  problem,
  durationMs: 0,
  wasCalled: false,
});

function refusalOf({ name }: OfferedTool, permit: ToolPermit | undefined): string {
  if (permit?.expired) return `Nobody approved the call of "${name}" in time, so it was not made.`;
  return `A person denied the call of "${name}"${permit?.reason === undefined ? '' : `: ${permit.reason}`}.`;
}

const shown = (name: string): string => (name.length > 100 ? `${name.slice(0, 99).toWellFormed()}…` : name);
