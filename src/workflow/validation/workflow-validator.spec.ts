import { Injectable } from '@nestjs/common';
import { CALLER, graph, node, single, testValidator, type TestValidator } from '../../../test/support/validation.js';
import { Problem } from '../../platform/problem/problem.js';
import { ValidationRule, type Rule } from './validation-rule.js';
import { advice, fault, type Violation } from './violation.js';

describe('the validator', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    chatter = await testValidator({ workflows: { plain: { definition: single() } } });
  });

  it.each([
    ['a graph of one node', single()],
    [
      'a chat with memory',
      graph([node('memory', 'memory'), node('answer', 'model', { prompt: '{{message}}' })], ['memory -> answer'], {
        output: { text: '{{text}}' },
      }),
    ],
    [
      'a choice with prose that looks like code',
      graph(
        [
          node('choose', 'switch', { branches: [{ port: 'sql', when: { kind: 'sql' } }] }),
          node('sql', 'model', { prompt: "Explain '; DROP TABLE users; -- and <script>alert(1)</script>." }),
          node('other', 'model', { prompt: '{{input.message}} ${jndi:x} ../../etc/passwd' }),
        ],
        ['choose sql -> sql', 'choose default -> other'],
        { output: '{{text}}' },
      ),
    ],
    [
      'a conditional in the short form',
      {
        kind: 'conditional',
        conditions: { queryComplexity: { min: 0.7, max: 1 }, queryType: 'technical_support' },
        workflows: { queryComplexity: 'plain', queryType: { workflow: 'plain', parameters: {} } },
        default: 'plain',
      },
    ],
    [
      'a composite',
      {
        kind: 'composite',
        strategy: 'sequential',
        workflows: [
          { id: 'research', workflow: 'plain' },
          { id: 'write', definition: single('model', { prompt: '{{research}}' }) },
        ],
      },
    ],
    [
      'a fan-out, a join and a map',
      graph(
        [
          node('start', 'set', { values: { topics: ['a', 'b'] } }),
          node('left', 'model', { prompt: '{{variables.topics}}', output: 'left' }),
          node('right', 'map', {
            items: '{{topics}}',
            body: single('model', { prompt: '{{item}} {{index}} {{topics}}' }),
          }),
          node('both', 'join'),
          node('end', 'model', { prompt: '{{left}} {{nodes.right.output}} {{results}} {{branches}}' }),
        ],
        ['start -> left', 'start -> right', 'left -> both', 'right -> both', 'both -> end'],
        { output: { text: '{{text}}', left: '{{nodes.left.output.text}}' } },
      ),
    ],
  ])('finds nothing wrong with %s', async (_, definition) => {
    expect(await chatter.validator.validate(CALLER, definition)).toEqual({ valid: true, violations: [] });
  });

  it('answers everything at once, errors first', async () => {
    const found = await chatter.check({
      kind: 'graph',
      extra: 1,
      nodes: [
        node('a', 'modle'),
        node('b', 'model', { temprature: 1, prompt: '{{nodes.z.output}}' }),
        node('c', 'model'),
      ],
      edges: [
        { from: 'a', to: 'x' },
        { from: 'c', to: 'b' },
        { from: 'b', to: 'c' },
      ],
    });
    expect(found).toEqual([
      'dangling-edge error /edges/0/to',
      'cycle error /edges/1',
      'invalid-structure error /extra',
      'unknown-node-type error /nodes/0/type',
      'unknown-node-reference error /nodes/1/config/prompt',
      'invalid-config error /nodes/1/config/temprature',
      'unreachable-node warning /nodes/1',
      'unreachable-node warning /nodes/2',
    ]);
  });

  it('throws one problem with every violation, and hands back warnings otherwise', async () => {
    const { validator } = chatter;
    const unconnected = graph([node('a', 'model'), node('b', 'model'), node('c', 'model')], ['a -> b']);
    expect(await validator.assertValid(CALLER, unconnected, '/definition')).toMatchObject([
      { code: 'unconnected-node', pointer: '/definition/nodes/2' },
    ]);
    const thrown: unknown = await validator
      .assertValid(CALLER, single('nope'), '/definition')
      .catch((error: unknown) => error);
    expect((thrown as Problem).body()).toMatchObject({
      type: '/problems/definition-invalid',
      status: 422,
      detail: expect.stringContaining('"nope"'),
      violations: [{ code: 'unknown-node-type', severity: 'error', pointer: '/definition/nodes/0/type' }],
    });
  });

  it('lets a rule that throws spoil nothing but the verdict', async () => {
    const broken = await testValidator({ plugins: [BrokenRule] });
    const { valid, violations } = await broken.validator.validate(CALLER, single('nope'));
    expect(valid).toBe(false);
    expect(violations.map(({ code }) => code)).toEqual(['from-broken', 'rule-failed', 'unknown-node-type']);
  });

  it('lists 500 violations and says that there are more, without losing an error among warnings', async () => {
    const many = await testValidator({ plugins: [ChattyRule] });
    const { valid, violations } = await many.validator.validate(CALLER, single('nope'));
    expect(valid).toBe(false);
    expect(violations).toHaveLength(501);
    expect(violations[0]).toMatchObject({ code: 'unknown-node-type' });
    expect(violations.at(-1)).toMatchObject({ code: 'more-violations', severity: 'warning' });
  });

  it('does not judge a definition while the database that knows workflows is away', async () => {
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const { validator } = await testValidator({
      workflows: {
        stored: () => {
          throw away;
        },
      },
    });
    const definition = { kind: 'conditional', branches: [{ id: 'a', when: { x: 1 }, workflow: 'stored' }] };
    await expect(validator.validate(CALLER, definition)).rejects.toBe(away);
  });
});

@Injectable()
@ValidationRule()
class BrokenRule implements Rule {
  *check(): Iterable<Violation> {
    yield fault('from-broken', '', 'Found before it broke.', 'None.');
    throw new Error('broken');
  }
}

@Injectable()
@ValidationRule()
class ChattyRule implements Rule {
  *check(): Iterable<Violation> {
    for (let index = 0; index < 10_000; index++) yield advice('chatty', `/${index}`, 'So much.', 'None.');
  }
}
