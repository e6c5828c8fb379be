import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { Type } from '@nestjs/common';
import type { Role } from '../../src/platform/http/principal.js';
import { PluginRegistry } from '../../src/platform/plugin/plugin.registry.js';
import type { Problem } from '../../src/platform/problem/problem.js';
import { GenAiTelemetry } from '../../src/platform/telemetry/gen-ai-telemetry.js';
import { Meters } from '../../src/platform/telemetry/meters.js';
import { Tracing } from '../../src/platform/telemetry/tracing.js';
import { contentHash } from '../../src/platform/schema/canonical-json.js';
import { QuotaRepository } from '../../src/tool/access/quota.repository.js';
import { decisionIn, ToolAccess, type AccessState } from '../../src/tool/access/tool-access.js';
import { BuiltInTools } from '../../src/tool/builtin.source.js';
import type { Grant } from '../../src/tool/grant/grant.js';
import type { CallEnd, ToolCallRecord } from '../../src/tool/ledger/tool-call.js';
import { ToolLedger } from '../../src/tool/ledger/tool-ledger.js';
import { ToolCatalogue } from '../../src/tool/tool-catalogue.js';
import { ToolDispatcher } from '../../src/tool/tool-dispatcher.js';
import { ToolGate } from '../../src/tool/tool-gate.js';
import type { ToolInvocation } from '../../src/tool/tool-invocation.js';
import type { OfferedTool } from '../../src/tool/tool-source.js';
import { ToolConfig } from '../../src/tool/tool.config.js';
import type { Spender } from '../../src/usage/budget/budget.js';
import { Budgets } from '../../src/usage/budget/budgets.js';
import { AnyTool, EchoTool } from './test-tools.js';

/** The tool room with the test tools, and those of the test's own, and no database: by default everything is granted. */
export async function toolRoom(environment: Readonly<Record<string, string>> = {}, tools: readonly Type[] = []) {
  const ledger = new FakeLedger();
  const access = new FakeAccess();
  const quotas = new FakeQuotas();
  const budgets = new FakeBudgets();
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [
      PluginRegistry,
      BuiltInTools,
      ToolCatalogue,
      ToolDispatcher,
      ToolGate,
      { provide: ToolAccess, useValue: access },
      { provide: ToolLedger, useValue: ledger },
      { provide: QuotaRepository, useValue: quotas },
      { provide: Budgets, useValue: budgets },
      { provide: ToolConfig, useValue: new ToolConfig(environment) },
      { provide: GenAiTelemetry, useValue: new GenAiTelemetry(new Tracing([]), new Meters()) },
      EchoTool,
      AnyTool,
      ...tools,
    ],
  }).compile();
  module.useLogger(false);
  await module.init();
  return {
    catalogue: module.get(ToolCatalogue),
    gate: module.get(ToolGate),
    echo: module.get(EchoTool),
    any: module.get(AnyTool),
    ledger,
    access,
    quotas,
    budgets,
  };
}

const EVERYTHING: Grant = {
  id: 'g',
  userId: null,
  role: 'viewer',
  tool: null,
  pattern: '*',
  serverId: null,
  level: 'execute',
  quota: { perHour: null, perDay: null },
  isExpired: false,
};

export const grant = (parts: Partial<Grant> = {}): Grant => ({ ...EVERYTHING, ...parts });

/** Decides as the real one, by what the test sets. */
export class FakeAccess implements Pick<ToolAccess, 'decide' | 'stateOf'> {
  role: Role | undefined = 'viewer';
  grants: readonly Grant[] = [EVERYTHING];
  off = new Set<string>();

  async stateOf({ userId }: { readonly userId: string }): Promise<AccessState> {
    return { userId, role: this.role, grants: this.grants, off: this.off };
  }
  async decide(caller: { readonly userId: string }, tool: OfferedTool, args: unknown) {
    return decisionIn(await this.stateOf(caller), tool, args);
  }
}

class FakeQuotas implements Pick<QuotaRepository, 'take' | 'peek'> {
  taken = 0;
  usedUp: Awaited<ReturnType<QuotaRepository['take']>>;

  async take() {
    this.taken += 1;
    return this.usedUp;
  }
  async peek() {
    return this.usedUp;
  }
}

class FakeBudgets implements Pick<Budgets, 'admitToolCall'> {
  readonly asked: Spender[] = [];
  usedUp: Problem | undefined;

  async admitToolCall(spender: Spender): Promise<void> {
    this.asked.push(spender);
    if (this.usedUp) throw this.usedUp;
  }
}

type Entry = { -readonly [Name in keyof ToolCallRecord]: ToolCallRecord[Name] };

/** A ledger in memory: what a process that dies leaves to the next. */
export class FakeLedger implements Pick<ToolLedger, 'find' | 'plan' | 'awaitApproval' | 'dispatch' | 'end' | 'refuse'> {
  readonly entries: Entry[] = [];
  /** Slugs of the problems that calls were refused with. */
  readonly refused: string[] = [];

  async find({ callId }: ToolInvocation) {
    const found = this.entries.find((entry) => entry.callId === callId);
    return found && { ...found };
  }
  async plan({ callId, arguments: args }: ToolInvocation, tool: OfferedTool, risk: ToolCallRecord['risk']) {
    if (this.entries.some((entry) => entry.callId === callId)) return undefined;
    const asked = { callId, tool: tool.name, askedHash: contentHash(args), arguments: args, effect: tool.effect, risk };
    const known = { idempotencyKey: contentHash(callId), dispatches: 0, result: null, problem: null, durationMs: null };
    const entry: Entry = { id: callId, ...asked, ...known, status: 'planned' };
    this.entries.push(entry);
    return { ...entry };
  }
  async awaitApproval({ id }: ToolCallRecord) {
    this.of(id).status = 'awaiting_approval';
  }
  async dispatch({ id, dispatches }: ToolCallRecord, args: unknown) {
    const entry = this.of(id);
    if (entry.dispatches !== dispatches) return false;
    Object.assign(entry, { status: 'dispatched', dispatches: dispatches + 1, arguments: args });
    return true;
  }
  async end({ id }: ToolCallRecord, end: CallEnd) {
    Object.assign(this.of(id), end);
  }
  async refuse(...[invocation, tool, problem, { known, risk }]: Parameters<ToolLedger['refuse']>) {
    this.refused.push(problem.type.slug);
    const call = known ?? (await this.plan(invocation, tool, risk));
    if (call) await this.end(call, { status: 'denied', problem: problem.record(), durationMs: 0 });
  }

  private of(id: string): Entry {
    return this.entries.find((entry) => entry.id === id) as Entry;
  }
}
