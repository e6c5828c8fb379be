import { Injectable } from '@nestjs/common';
import { RunConfig } from '../../run/run.config.js';
import type { DefinitionView } from '../definition-view.js';
import { numberOf } from '../node-members.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/** Each limit of a definition, with the setting that bounds it. */
const SETTINGS = {
  runTimeoutMs: 'RUN_TIMEOUT_MS',
  nodeTimeoutMs: 'NODE_TIMEOUT_MS',
  maxToolCalls: 'MAX_TOOL_CALLS',
  maxTokens: 'MAX_TOKENS_PER_RUN',
} as const;

const NAMES = Object.keys(SETTINGS) as readonly (keyof typeof SETTINGS)[];

/** Limits of a definition can only be lower than the configured ones; a node's own count is cut off at the run's. */
@Injectable()
@ValidationRule()
export class LimitRule implements Rule {
  constructor(private readonly config: RunConfig) {}

  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const { pointer, limits, ...level } of levels) {
      for (const name of NAMES) {
        const value = limits?.[name];
        if (value !== undefined && value > this.config[name])
          yield fault(
            'limit-too-high',
            `${pointer}/limits/${name}`,
            `The limit ${name} is ${value}; this server allows at most ${this.config[name]}.`,
            `Lower it, or have the operator raise ${SETTINGS[name]}.`,
          );
      }
      if (level.role === 'body' && limits !== undefined)
        yield advice(
          'limits-without-effect',
          `${pointer}/limits`,
          'The limits of a body have no effect: it is part of the run around it.',
          'Set them for the whole definition, or make the body a workflow node, whose child run has limits of its own.',
        );
      for (const node of level.kind === 'graph' ? level.nodes : []) {
        for (const name of ['maxToolCalls', 'maxTokens'] as const) {
          const value = numberOf(node, name);
          if (value === undefined || value <= this.config[name] || !Object.hasOwn(node.config, name)) continue;
          yield advice(
            'limit-too-high',
            `${node.pointer}/config/${name}`,
            `Node ${quoted(node.id)} sets ${name} to ${value}, but the whole run is ended at ${this.config[name]}.`,
            `Lower it, or have the operator raise ${SETTINGS[name]}.`,
          );
        }
      }
    }
  }
}
