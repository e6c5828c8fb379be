import { llmSaying, scriptedLlm } from '../../../../test/support/fake-llm.js';
import { executed } from '../../../../test/support/node-context.js';
import { ModelNode } from './model.node.js';

const CITY = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

describe('the model node', () => {
  it('asks what the run says so far, after the system message', async () => {
    const { llm, requests } = llmSaying({ text: 'Fine.' });
    const { result, events } = await executed(new ModelNode(llm), {
      path: ['draft'],
      config: { system: 'Be brief.', model: 'fake:small', temperature: 0, maxTokens: 9 },
      messages: 'How are you?',
    });
    expect(requests).toMatchObject([
      {
        model: 'fake:small',
        temperature: 0,
        maxTokens: 9,
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'How are you?' },
        ],
      },
    ]);
    expect(requests[0]?.schema).toBeUndefined();
    expect(result).toEqual({ output: { text: 'Fine.' }, variables: { text: 'Fine.' }, finishReason: 'stop' });
    expect(events).toContainEqual({ type: 'token', content: 'F', messageKey: 'draft-1' });
    expect(events.filter(({ type }) => type === 'usage')).toHaveLength(1);
  });

  it('asks its own prompt instead, and names its variable', async () => {
    const { llm, requests } = llmSaying({ text: 'Fine.', finish: 'length' });
    const { result } = await executed(new ModelNode(llm), {
      config: { prompt: 'How is {{input.name}}?', output: 'mood' },
      scope: { input: { name: 'Ada' } },
      messages: 'Something else',
    });
    expect(requests[0]?.messages).toEqual([{ role: 'user', content: 'How is Ada?' }]);
    expect(result).toMatchObject({ variables: { mood: 'Fine.' }, finishReason: 'length' });
  });

  it('asks for JSON by a schema and gives the parsed value', async () => {
    const { llm, requests } = llmSaying({ text: '{"city":"Paris"}' });
    const { result } = await executed(new ModelNode(llm), { config: { schema: CITY }, messages: 'The capital?' });
    expect(requests[0]?.schema).toEqual(CITY);
    expect(result).toMatchObject({
      output: { text: '{"city":"Paris"}', json: { city: 'Paris' } },
      variables: { text: { city: 'Paris' } },
    });
  });

  it('gets a value that follows the schema from the scripted model', async () => {
    const { result } = await executed(new ModelNode(scriptedLlm().llm), {
      config: { schema: CITY, output: 'answer' },
      messages: 'Lyon',
    });
    expect(result.variables).toEqual({ answer: { city: 'Lyon' } });
  });

  it.each([
    ['{"city":1}', [{ pointer: '/city', detail: 'must be string' }]],
    ['{"city":"Paris","more":1}', [{ pointer: '', detail: 'must NOT have additional properties ("more")' }]],
    ['Paris', [{ pointer: '', detail: 'is no JSON, or nested too deep' }]],
    [`{"city":${'['.repeat(100)}${']'.repeat(100)}}`, [{ pointer: '', detail: 'is no JSON, or nested too deep' }]],
  ])('fails when the answer is %s', async (text, errors) => {
    const failed = executed(new ModelNode(llmSaying({ text }).llm), { config: { schema: CITY }, messages: 'Hi' });
    await expect(failed).rejects.toMatchObject({
      type: { slug: 'structured-output-invalid' },
      extensions: { errors },
    });
  });

  it('says so when the answer was cut', async () => {
    const { llm } = llmSaying({ text: '{"city":"Pa', finish: 'length' });
    const failed = executed(new ModelNode(llm), { config: { schema: CITY }, messages: 'Hi' });
    await expect(failed).rejects.toThrow('raise maxTokens');
  });

  it('does not ask with a schema that is none', async () => {
    const { llm, requests } = llmSaying();
    const failed = executed(new ModelNode(llm), { config: { schema: { type: 'city' } }, messages: 'Hi' });
    await expect(failed).rejects.toMatchObject({
      type: { slug: 'validation-failed' },
      extensions: { errors: [{ pointer: '/schema' }] },
    });
    expect(requests).toEqual([]);
  });
});
