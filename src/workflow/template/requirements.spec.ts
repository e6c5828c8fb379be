import type { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import type { Definition } from '../definition/definition.js';
import type { NodeRegistry } from '../node/node.registry.js';
import type { RequirementKnowledge } from './requirement-source.js';
import { RequirementCheck } from './requirements.js';

const definition: Definition = {
  kind: 'graph',
  nodes: [
    { id: 'r', type: 'retrieve', config: { collections: ['handbook', 'faq'] } },
    { id: 'a', type: 'agent', config: { tools: ['calculator', 'search'] } },
  ],
  edges: [],
};

function check(sources: readonly RequirementKnowledge[], nodeTypes = ['retrieve', 'agent']): RequirementCheck {
  const plugins = { find: () => sources.map((plugin) => ({ plugin, options: undefined })) };
  const types = { isUsable: (type: string) => nodeTypes.includes(type) };
  const made = new RequirementCheck(plugins as unknown as PluginRegistry, types as unknown as NodeRegistry);
  made.onModuleInit();
  return made;
}

const knowing = (workspaceId: string, tools: string[], collections?: string[]): RequirementKnowledge => ({
  missingTools: async (asked, names) => (asked === workspaceId ? names.filter((name) => !tools.includes(name)) : names),
  ...(collections && {
    missingCollections: async (_, names) => names.filter((name) => !collections.includes(name)),
  }),
});

describe('RequirementCheck', () => {
  it('names what is missing from every source', async () => {
    const sources = [knowing('w', ['calculator']), knowing('w', ['other'], ['faq'])];
    expect(await check(sources).of('w', definition)).toEqual({
      met: false,
      missingTools: ['search'],
      missingCollections: ['handbook'],
      missingNodeTypes: [],
    });
    expect(await check(sources).of('elsewhere', definition)).toMatchObject({ missingTools: ['calculator', 'search'] });
  });

  it('is met when each thing is known to some source', async () => {
    const sources = [knowing('w', ['calculator'], ['faq']), knowing('w', ['search'], ['handbook'])];
    expect(await check(sources).of('w', definition)).toMatchObject({ met: true });
    await expect(check(sources).demand('w', 't', definition)).resolves.toBeUndefined();
  });

  it('misses everything that is named on a server without sources', async () => {
    await expect(check([], ['agent']).demand('w', 'full', definition)).rejects.toMatchObject({
      status: 422,
      type: { slug: 'requirements-unmet' },
      detail: expect.stringMatching(/"full" lacks .*calculator, search.*handbook, faq.*retrieve/),
      extensions: {
        missingTools: ['calculator', 'search'],
        missingCollections: ['handbook', 'faq'],
        missingNodeTypes: ['retrieve'],
      },
    });
  });

  it('asks nobody about a definition that names nothing', async () => {
    const asked: string[] = [];
    const source = {
      missingTools: async () => (asked.push('tools'), []),
      missingCollections: async () => (asked.push('c'), []),
    };
    const all: Definition = { kind: 'graph', nodes: [{ id: 'a', type: 'agent', config: { tools: '*' } }], edges: [] };
    expect(await check([source]).of('w', all)).toMatchObject({ met: true });
    expect(asked).toEqual([]);
  });
});
