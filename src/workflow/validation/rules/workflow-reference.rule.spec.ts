import { single, testValidator, type TestValidator } from '../../../../test/support/validation.js';
import { validationFailed } from '../../../platform/problem/http.errors.js';
import { problemType } from '../../../platform/problem/problem.js';
import { requirementsUnmet } from '../../workflow.errors.js';

const notPublished = problemType({
  slug: 'test-not-published',
  status: 409,
  title: 'Not published',
  explanation: 'Publish it.',
});

describe('a workflow that is named', () => {
  let chatter: TestValidator;
  beforeAll(async () => {
    const refuse = (problem: Error) => () => {
      throw problem;
    };
    chatter = await testValidator({
      workflows: {
        plain: { definition: single() },
        'report@3': { definition: single() },
        draft: refuse(notPublished('Workflow "draft" was never published.')),
        strict: refuse(validationFailed([{ pointer: '/parameters/window', detail: 'must be a number' }])),
        needy: refuse(requirementsUnmet('This workflow needs the tool "search".')),
      },
    });
  });
  const conditional = (target: object) => ({
    kind: 'conditional',
    branches: [{ id: 'a', when: { x: 1 }, ...target }],
    default: { workflow: 'plain' },
  });

  it('must be there, wherever it is named', async () => {
    expect(await chatter.check(conditional({ workflow: 'report@3' }))).toEqual([]);
    expect(await chatter.check(conditional({ workflow: 'report@4' }))).toEqual([
      'unknown-workflow error /branches/0/workflow',
    ]);
    expect(
      await chatter.check({ kind: 'conditional', conditions: { x: 1 }, workflows: { x: 'nope' }, default: 'nope' }),
    ).toEqual(['unknown-workflow error /default', 'unknown-workflow error /workflows/x']);
    expect(
      await chatter.check({
        kind: 'composite',
        strategy: 'parallel',
        workflows: [
          { id: 'a', workflow: 'plain' },
          { id: 'b', workflow: '@' },
        ],
      }),
    ).toEqual(['unknown-workflow error /workflows/1/workflow']);
    expect(await chatter.check(single('workflow', { workflow: 'nope' }))).toEqual([
      'unknown-workflow error /nodes/0/config/workflow',
    ]);
    expect(await chatter.check(single('map', { items: [1], body: 'nope' }))).toEqual([
      'unknown-workflow error /nodes/0/config/body',
    ]);
    expect(
      await chatter.check(single('composite', { strategy: 'parallel', workflows: [{ id: 'a', workflow: 'nope' }] })),
    ).toEqual(['unknown-workflow error /nodes/0/config/workflows/0/workflow']);
    expect(await chatter.only(conditional({ workflow: 'nope' }), 'unknown-workflow')).toMatchObject({
      message: 'There is no workflow "nope" in this workspace.',
    });
  });

  it('must be published when no version is named', async () => {
    expect(await chatter.check(conditional({ workflow: 'draft' }))).toEqual([
      'unpublished-workflow error /branches/0/workflow',
    ]);
    expect((await chatter.only(conditional({ workflow: 'draft' }), 'unpublished-workflow')).message).toContain(
      'was never published',
    );
  });

  it('must take its parameters', async () => {
    const given = { workflow: 'strict', parameters: { window: 'many' } };
    expect(await chatter.check(conditional(given))).toEqual(['invalid-parameters error /branches/0/parameters/window']);
    expect(await chatter.check(single('workflow', given))).toEqual([
      'invalid-parameters error /nodes/0/config/parameters/window',
    ]);
  });

  it('must have what it needs', async () => {
    expect(await chatter.check(conditional({ workflow: 'needy' }))).toEqual([
      'requirements-unmet error /branches/0/workflow',
    ]);
  });

  it('is not chosen by a reference', async () => {
    expect(await chatter.check(single('workflow', { workflow: '{{input.which}}' }))).toEqual([
      'unknown-workflow error /nodes/0/config/workflow',
    ]);
  });
});
