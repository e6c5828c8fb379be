import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../../platform/problem/problem.js';
import { EgressClient } from '../../../security/egress/egress-client.js';
import type { DefinitionView, NodeView } from '../definition-view.js';
import { textOf } from '../node-members.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { fault, quoted, type Violation } from '../violation.js';

/** Names that are asked about, and for how long altogether: what does not resolve by then passes, and is checked when run. */
const MAX_NAMES = 5;
const MAX_WAIT_MS = 2_000;

/** Everything up to the first reference decides where a request goes, if it is a whole host. */
const ORIGIN_BEFORE_REFERENCE = /^\s*https?:\/\/[^/?#{}\\]+(?=[/?#])/i;

/** An address that a node sends to must be one this server sends to. Nothing is connected to. */
@Injectable()
@ValidationRule()
export class EgressRule implements Rule {
  constructor(private readonly egress: EgressClient) {}

  async *check({ levels }: DefinitionView): AsyncIterable<Violation> {
    const named = new Map<string, { readonly node: NodeView; readonly url: string }[]>();
    for (const level of levels) {
      for (const node of level.kind === 'graph' ? level.nodes : []) {
        const url = literalUrl(node);
        if (url === undefined) continue;
        const host = this.hostOf(url);
        if (host instanceof Problem) yield refused(node, host);
        else if (named.has(host)) named.get(host)?.push({ node, url });
        else named.set(host, [{ node, url }]);
      }
    }
    yield* this.checkNames([...named.values()].slice(0, MAX_NAMES));
  }

  private async *checkNames(
    hosts: readonly (readonly { readonly node: NodeView; readonly url: string }[])[],
  ): AsyncIterable<Violation> {
    const enough = new AbortController();
    try {
      const late = sleep(MAX_WAIT_MS, undefined, { signal: enough.signal }).catch(() => undefined);
      const checked = hosts.map(async (uses) => {
        const problem = uses[0] && (await Promise.race([this.problemOf(uses[0].url), late]));
        return problem ? uses.map(({ node }) => refused(node, problem)) : [];
      });
      for (const violations of await Promise.all(checked)) yield* violations;
    } finally {
      enough.abort();
    }
  }

  /** The host and port; or why nothing is sent there, as far as the text alone tells. */
  private hostOf(url: string): string | Problem {
    try {
      return this.egress.hostOf(url);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }

  private async problemOf(url: string): Promise<Problem | undefined> {
    try {
      await this.egress.check(url);
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
  }
}

/** The node's address, or its beginning when that alone says where it goes. */
function literalUrl(node: NodeView): string | undefined {
  const url = textOf(node, 'url');
  if (url === undefined || !url.includes('{{')) return url;
  return ORIGIN_BEFORE_REFERENCE.exec(url)?.[0];
}

const refused = (node: NodeView, problem: Problem): Violation =>
  fault(
    'egress-refused',
    `${node.pointer}/config/url`,
    `Node ${quoted(node.id)} cannot send its request. ${problem.detail}`,
    'Use a public http or https address without credentials, or have the operator add it to EGRESS_ALLOW.',
  );
