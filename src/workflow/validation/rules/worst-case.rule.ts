import { Injectable } from '@nestjs/common';
import { LLMService, type Keyed } from '../../../llm/llm.service.js';
import type { Principal } from '../../../platform/http/principal.js';
import { Problem } from '../../../platform/problem/problem.js';
import { RunConfig } from '../../run/run.config.js';
import type { DefinitionView } from '../definition-view.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, type Violation } from '../violation.js';
import { worstCase, type WorstCase } from '../worst-case.js';

/** What a run may come to at worst, where that is more than its limits let it finish. */
@Injectable()
@ValidationRule()
export class WorstCaseRule implements Rule {
  constructor(
    private readonly config: RunConfig,
    private readonly llm: LLMService,
  ) {}

  async *check(view: DefinitionView, { workspaceId }: Principal): AsyncIterable<Violation> {
    const [root] = view.levels;
    if (!root) return;
    const keyed = await this.llm.keyed(workspaceId);
    const worst = worstCase(view, (model, input, output) => this.cost(model, keyed, input, output));
    const passed = this.passedLimits(worst, root.limits ?? {});
    if (passed.length === 0) return;
    const { modelCalls, toolCalls, cost } = worst;
    const priced = cost === null || cost === 0 ? '' : `, for ${cost.toFixed(2)} USD`;
    yield advice(
      'worst-case',
      root.pointer,
      `At worst a run makes ${shown(modelCalls)} model calls and ${shown(toolCalls)} tool calls${priced}: ${passed.join('; ')}. It would be ended there.`,
      'Lower the iterations, items, attempts or maxTokens of its nodes, or accept that such a run ends at the limit.',
    );
  }

  private passedLimits(
    worst: WorstCase,
    limits: Partial<Record<'maxTokens' | 'maxToolCalls' | 'runTimeoutMs', number>>,
  ) {
    const least = (name: keyof typeof limits): number => Math.min(limits[name] ?? Infinity, this.config[name]);
    const [tokens, toolCalls, timeMs] = [least('maxTokens'), least('maxToolCalls'), least('runTimeoutMs')];
    return [
      ...(worst.tokens > tokens ? [`about ${shown(worst.tokens)} tokens, of ${shown(tokens)} allowed`] : []),
      ...(worst.toolCalls > toolCalls ? [`${shown(worst.toolCalls)} tool calls, of ${shown(toolCalls)} allowed`] : []),
      ...(worst.timeMs > timeMs
        ? [`${shown(worst.timeMs)} ms by its nodes' timeouts, of ${shown(timeMs)} allowed`]
        : []),
    ];
  }

  private cost(model: string | undefined, keyed: Keyed, inputTokens: number, outputTokens: number): number | null {
    try {
      const { id } = this.llm.resolve(model, keyed);
      return this.llm.cost(id, { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens });
    } catch (error) {
      if (error instanceof Problem) return null;
      throw error;
    }
  }
}

const shown = (count: number): string =>
  count < 1e15 ? Math.round(count).toLocaleString('en') : count.toExponential(0);
