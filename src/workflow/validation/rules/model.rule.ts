import { Injectable } from '@nestjs/common';
import { modelUnknown } from '../../../llm/llm.errors.js';
import { LLMService, type Keyed } from '../../../llm/llm.service.js';
import type { Principal } from '../../../platform/http/principal.js';
import { Problem } from '../../../platform/problem/problem.js';
import type { DefinitionView } from '../definition-view.js';
import { suggestions } from '../near-match.js';
import { literal } from '../node-members.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { fault, quoted, type Violation } from '../violation.js';

/** A model that a node names must be one that can be called. */
@Injectable()
@ValidationRule()
export class ModelRule implements Rule {
  constructor(private readonly llm: LLMService) {}

  async *check({ levels }: DefinitionView, { workspaceId }: Principal): AsyncIterable<Violation> {
    const keyed = await this.llm.keyed(workspaceId);
    const didYouMean = suggestions();
    const problems = new Map<string, Problem | undefined>();
    for (const level of levels) {
      for (const node of level.kind === 'graph' ? level.nodes : []) {
        const model = literal(node, 'model');
        if (model === undefined) continue;
        if (!problems.has(model)) problems.set(model, this.problemOf(model, keyed));
        const problem = problems.get(model);
        if (!problem) continue;
        const isUnknown = isModelUnknown(problem);
        yield fault(
          isUnknown ? 'unknown-model' : problem.type.slug,
          `${node.pointer}/config/model`,
          `Node ${quoted(node.id)} names the model ${quoted(model)}: ${problem.detail}`,
          isUnknown
            ? `Name a model of GET /models, or none for the default.${didYouMean(model, this.names(keyed))}`
            : problem.type.explanation,
        );
      }
    }
  }

  private problemOf(model: string, keyed: Keyed): Problem | undefined {
    try {
      this.llm.resolve(model, keyed);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  private names(keyed: Keyed): readonly string[] {
    return this.llm.models(keyed).flatMap(({ id, model }) => [id, model]);
  }
}

const isModelUnknown = (problem: unknown): boolean => Problem.is(problem, modelUnknown);
