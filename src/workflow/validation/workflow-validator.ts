import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Principal } from '../../platform/http/principal.js';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { NodeRegistry } from '../node/node.registry.js';
import type { DefinitionView } from './definition-view.js';
import { readLevels } from './level-reader.js';
import { readPlain } from './plain-definition.js';
import { definitionInvalid } from './validation.errors.js';
import { ValidationRule, type Rule } from './validation-rule.js';
import { fault, type ValidationResult, type Violation } from './violation.js';
import { ViolationList } from './violation-list.js';
import { WorkflowLookup } from './workflow-lookup.js';

const MAX_IN_DETAIL = 5;

/** The one judge of definitions: what every rule finds, at once. */
@Injectable()
export class WorkflowValidator implements OnModuleInit {
  private readonly logger = new Logger(WorkflowValidator.name);
  private rules: readonly { readonly name: string; readonly rule: Rule }[] = [];

  constructor(
    private readonly plugins: PluginRegistry,
    private readonly types: NodeRegistry,
    private readonly lookup: WorkflowLookup,
  ) {}

  onModuleInit(): void {
    this.rules = this.plugins
      .find<Rule, void>(ValidationRule)
      .map(({ plugin }) => ({ name: plugin.constructor.name, rule: plugin }));
  }

  /**
   * All that is wrong or doubtful with a definition: anything a caller may have sent. Throws nothing on account of it.
   * @param workflowId the workflow it is of, so that naming that one is seen to be a circle
   */
  async validate(caller: Principal, definition: unknown, workflowId?: string): Promise<ValidationResult> {
    const view = await this.prepare(caller, definition, workflowId);
    const list = new ViolationList();
    for (const { name, rule } of this.rules) {
      await nextTurn();
      await this.collect(name, rule, view, caller, list);
    }
    return list.result();
  }

  /**
   * @param pointerPrefix where the definition stands in the request, such as "/definition"
   * @returns the warnings
   * @throws Problem definition-invalid with every violation, when one is an error
   */
  async assertValid(
    caller: Principal,
    definition: unknown,
    pointerPrefix = '',
    workflowId?: string,
  ): Promise<readonly Violation[]> {
    const result = await this.validate(caller, definition, workflowId);
    const violations = result.violations.map((found) => ({ ...found, pointer: pointerPrefix + found.pointer }));
    if (result.valid) return violations;
    const errors = violations.filter(({ severity }) => severity === 'error');
    const more = errors.length > MAX_IN_DETAIL ? ` (and ${errors.length - MAX_IN_DETAIL} more)` : '';
    const shown = errors.slice(0, MAX_IN_DETAIL).map(({ message }) => message);
    throw definitionInvalid(`${shown.join(' ')}${more}`, {
      extensions: { violations, errors: errors.map(({ pointer, message }) => ({ pointer, detail: message })) },
    });
  }

  private async prepare(caller: Principal, definition: unknown, workflowId?: string): Promise<DefinitionView> {
    const plain = readPlain(definition);
    if (plain.value === undefined && plain.faults.length > 0)
      return { levels: [], uses: [], found: new Map(), faults: plain.faults, workflowId };
    const { levels, uses, faults } = readLevels(plain.value, this.types);
    const found = await this.lookup.find(caller.workspaceId, uses);
    const isReported = new Set(faults.map(({ pointer }) => pointer));
    const others = plain.faults.filter(({ code, pointer }) => code !== 'invalid-structure' || !isReported.has(pointer));
    return { levels, uses, found, faults: [...faults, ...others], workflowId };
  }

  /** A rule that fails says so in the result: a definition that could not be judged is not valid. */
  private async collect(
    name: string,
    rule: Rule,
    view: DefinitionView,
    caller: Principal,
    list: ViolationList,
  ): Promise<void> {
    try {
      for await (const violation of rule.check(view, caller)) list.add(violation);
    } catch (error) {
      this.logger.error(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      list.add(
        fault(
          'rule-failed',
          '',
          `The check "${name}" failed.`,
          'Report it with the definition; the server log has the cause.',
        ),
      );
    }
  }
}
