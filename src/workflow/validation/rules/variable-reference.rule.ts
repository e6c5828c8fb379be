import { Injectable } from '@nestjs/common';
import type { DefinitionView, Level } from '../definition-view.js';
import { isRooted } from '../../definition/lookup.js';
import { scopeOf, stronger, type LevelScope } from '../level-scope.js';
import { suggestions, type DidYouMean } from '../near-match.js';
import { variablesOf } from '../node-members.js';
import { precedenceOf, type Certainty } from '../precedence.js';
import { referencesIn, type Reference } from '../template-references.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/**
 * Variables that nothing has set by then, and members of the input that it cannot have. A name without a root is a
 * variable, else a member of the input: with an input of any form it can never be said to be missing.
 */
@Injectable()
@ValidationRule()
export class VariableReferenceRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    const didYouMean = suggestions();
    for (const level of levels) {
      const variables = new Variables(level, didYouMean);
      for (const reference of referencesIn(level)) {
        if (reference.use === 'late') continue;
        const found = check(reference, variables, scopeOf(level));
        if (found) yield reference.use === 'condition' ? { ...found, severity: 'warning' } : found;
      }
    }
  }
}

/** The variables of a level: which there are, and how sure one is set. */
class Variables {
  private readonly places: ReadonlyMap<unknown, number>;
  readonly names: ReadonlySet<string>;
  private readonly hasUnknown: boolean;

  constructor(
    private readonly level: Level,
    readonly didYouMean: DidYouMean,
  ) {
    const nodes = level.kind === 'graph' ? level.nodes : [];
    const set = nodes.map(variablesOf);
    this.places = new Map(nodes.map((node, index) => [node, index]));
    this.names = new Set(set.flatMap((names) => (names === 'anything' ? [] : names)));
    this.hasUnknown = set.includes('anything');
  }

  certainty(name: string, { node }: Reference): Certainty {
    const { level } = this;
    const before = scopeOf(level).variable(name);
    if (level.kind !== 'graph') return before;
    if (!node) return this.names.has(name) || this.hasUnknown ? 'always' : before;
    const here = precedenceOf(level).variable(this.places.get(node) ?? -1, name) ?? 'always';
    return stronger(stronger(here, before), this.fromEarlierPass(name));
  }

  /** A body may see what an earlier pass of it left. */
  private fromEarlierPass(name: string): Certainty {
    return this.level.role === 'body' && (this.names.has(name) || this.hasUnknown) ? 'sometimes' : 'never';
  }
}

function check(reference: Reference, variables: Variables, { input }: LevelScope): Violation | undefined {
  const { path, names } = reference;
  const [root = '', member] = names;
  if (root === 'variables') return member === undefined ? undefined : missingVariable(reference, member, variables);
  if (root === 'input') {
    if (member === undefined || !input.isClosed || input.declared.has(member)) return undefined;
    return unknownInput(reference, member, input.declared, variables);
  }
  if (isRooted(path) || root === '' || input.declared.has(root)) return undefined;
  const certainty = variables.certainty(root, reference);
  if (certainty === 'always') return undefined;
  if (certainty === 'sometimes')
    return input.isDescribed || variables.names.has(root) ? onSomePaths(reference, root) : undefined;
  if (input.isClosed) return notSet(reference, root, variables, 'the input has no such member');
  if (variables.names.has(root)) return setLater(reference, root);
  return input.isDescribed ? fromUndeclared(reference, root, input.declared, variables) : undefined;
}

function missingVariable(reference: Reference, name: string, variables: Variables): Violation | undefined {
  const certainty = variables.certainty(name, reference);
  if (certainty === 'always') return undefined;
  return certainty === 'sometimes' ? onSomePaths(reference, name) : notSet(reference, name, variables);
}

const notSet = ({ pointer, path, node }: Reference, name: string, variables: Variables, also?: string): Violation =>
  fault(
    'variable-not-set',
    pointer,
    `${subject(node)} uses ${quoted(path)}, but nothing has set the variable ${quoted(name)} by then${also ? `, and ${also}` : ''}.`,
    variables.names.has(name)
      ? 'Lead edges from the node that sets it to this one.'
      : `Set it in a node that comes before, or correct the name.${variables.didYouMean(name, variables.names)}`,
  );

const onSomePaths = ({ pointer, path, node }: Reference, name: string): Violation =>
  advice(
    'variable-not-set',
    pointer,
    `${subject(node)} uses ${quoted(path)}, but the variable ${quoted(name)} is not set on every path that leads there.`,
    'Set it on every path, or leave it if nothing is fine.',
  );

const setLater = ({ pointer, path, node }: Reference, name: string): Violation =>
  advice(
    'variable-not-set',
    pointer,
    `${subject(node)} uses ${quoted(path)} before any node that sets the variable ${quoted(name)} has run: only the input can give it.`,
    `Write {{input.${name}}} if the input is meant; otherwise lead edges from the node that sets it to this one.`,
  );

const fromUndeclared = (
  { pointer, path, node }: Reference,
  name: string,
  declared: ReadonlySet<string>,
  { names, didYouMean }: Variables,
): Violation =>
  advice(
    'variable-not-set',
    pointer,
    `${subject(node)} uses ${quoted(path)}, but no node sets the variable ${quoted(name)}, and the input's schema does not name it.`,
    `Add ${quoted(name)} to the properties of the input, or correct the name.${didYouMean(name, [...names, ...declared])}`,
  );

const unknownInput = (
  { pointer, path, node }: Reference,
  name: string,
  declared: ReadonlySet<string>,
  { didYouMean }: Variables,
): Violation =>
  fault(
    'unknown-input',
    pointer,
    `${subject(node)} uses ${quoted(path)}, but the input's schema allows no member ${quoted(name)}.`,
    `Add it to the properties of the input, or correct the name.${didYouMean(name, declared)}`,
  );

const subject = (node: Reference['node']): string => (node ? `Node ${quoted(node.id)}` : 'The definition');
