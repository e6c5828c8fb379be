import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { GraphDefinition } from '../definition/definition.js';
import { parameterSchemaOf, settled } from './blueprint.js';
import { TemplateRegistry } from './template.registry.js';
import { CodeAssistantTemplate } from './templates/code-assistant.template.js';
import { CustomerSupportTemplate } from './templates/customer-support.template.js';
import { DataAnalystTemplate } from './templates/data-analyst.template.js';
import { DocumentQaTemplate } from './templates/document-qa.template.js';
import { FullTemplate } from './templates/full.template.js';
import { GeneralChatTemplate } from './templates/general-chat.template.js';
import { PlainTemplate } from './templates/plain.template.js';
import { RagTemplate } from './templates/rag.template.js';
import { ResearchAssistantTemplate } from './templates/research-assistant.template.js';
import { ToolsTemplate } from './templates/tools.template.js';

@Module({
  imports: [DiscoveryModule],
  providers: [
    PluginRegistry,
    TemplateRegistry,
    CodeAssistantTemplate,
    CustomerSupportTemplate,
    DataAnalystTemplate,
    DocumentQaTemplate,
    FullTemplate,
    GeneralChatTemplate,
    PlainTemplate,
    RagTemplate,
    ResearchAssistantTemplate,
    ToolsTemplate,
  ],
})
class TemplatesModule {}

const NO_SENDING = { sent: {}, locked: new Set<string>() };

describe('built-in templates', () => {
  let registry: TemplateRegistry;

  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [TemplatesModule] }).compile();
    await module.init();
    registry = module.get(TemplateRegistry);
  });

  const build = (name: string, given: Record<string, unknown> = {}): GraphDefinition => {
    const { blueprint } = registry.get(name)!;
    const { parameters, faults } = settled(blueprint, given);
    expect(faults).toEqual([]);
    return GraphDefinition.parse(JSON.parse(JSON.stringify(blueprint.build(parameters, NO_SENDING))));
  };
  const configs = (name: string, given?: Record<string, unknown>): Record<string, Record<string, unknown>> =>
    Object.fromEntries(build(name, given).nodes.map(({ type, config }) => [type, config]));
  const faultsOf = (name: string, given: Record<string, unknown>): string[] =>
    settled(registry.get(name)!.blueprint, given)
      .faults.map(({ pointer }) => pointer)
      .sort();

  it('are these, and "basic" is another name of plain', () => {
    expect(registry.all().map(({ name }) => name)).toEqual([
      'code_assistant',
      'customer_support',
      'data_analyst',
      'document_qa',
      'full',
      'general_chat',
      'plain',
      'rag',
      'research_assistant',
      'tools',
    ]);
    expect(registry.get('basic')).toBe(registry.get('plain'));
    expect(registry.get('constructor')).toBeUndefined();
  });

  const full = { memory: true, memoryWindow: 20, maxDocuments: 5, tools: '*', maxToolCalls: 10 };

  it.each([
    ['plain', { memory: true, memoryWindow: 20 }],
    ['rag', { memory: true, memoryWindow: 20, maxDocuments: 5 }],
    ['tools', { memory: true, memoryWindow: 20, tools: '*', maxToolCalls: 10 }],
    ['full', full],
    [
      'customer_support',
      {
        ...full,
        mode: 'full',
        memoryWindow: 50,
        maxToolCalls: 5,
        tools: ['searchKnowledge', 'createTicket', 'escalate'],
      },
    ],
    ['code_assistant', { ...full, mode: 'tools', memoryWindow: 100, maxToolCalls: 10 }],
    ['research_assistant', { ...full, mode: 'rag', memoryWindow: 30, maxDocuments: 10 }],
    ['general_chat', { ...full, mode: 'plain', memoryWindow: 20 }],
    ['document_qa', { ...full, mode: 'rag', memory: false, maxDocuments: 15, similarityThreshold: 0.7 }],
    ['data_analyst', { ...full, mode: 'tools', memoryWindow: 50, maxToolCalls: 15 }],
  ])('%s has exactly its defaults, and they show in its schema', (name, expected) => {
    const { blueprint } = registry.get(name)!;
    const { systemMessage, ...defaults } = blueprint.defaults;
    expect(defaults).toEqual(expected);
    expect(typeof systemMessage).toBe(Object.hasOwn(expected, 'mode') ? 'string' : 'undefined');
    const { properties, ...schema } = parameterSchemaOf(blueprint);
    expect(schema).toEqual({ type: 'object', additionalProperties: false });
    for (const [parameter, value] of Object.entries(expected))
      expect(properties[parameter]).toMatchObject({ default: value });
  });

  it.each([
    ['plain', ['memory', 'model']],
    ['rag', ['memory', 'retrieve', 'model']],
    ['tools', ['memory', 'agent']],
    ['full', ['memory', 'retrieve', 'agent']],
    ['customer_support', ['memory', 'retrieve', 'agent']],
    ['code_assistant', ['memory', 'agent']],
    ['research_assistant', ['memory', 'retrieve', 'model']],
    ['general_chat', ['memory', 'model']],
    ['document_qa', ['retrieve', 'model']],
    ['data_analyst', ['memory', 'agent']],
  ])('%s is the chain %j', (name, types) => {
    const { nodes, edges, output } = build(name);
    expect(nodes.map(({ type }) => type)).toEqual(types);
    expect(edges).toEqual(types.slice(1).map((to, index) => ({ from: types[index], to, port: 'next' })));
    expect(output).toEqual({ text: '{{text}}' });
  });

  it('hand every parameter to the node it is about, and leave out what is not said', () => {
    const given = {
      model: 'scripted:default',
      temperature: 0,
      maxTokens: 9,
      memoryWindow: 7,
      memorySummary: false,
      memoryFacts: 5,
      maxDocuments: 3,
      similarityThreshold: 0.4,
      collections: ['handbook'],
      documentIds: ['019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b'],
      tools: ['calculator'],
      maxToolCalls: 2,
    };
    expect(configs('full', given)).toEqual({
      memory: { model: 'scripted:default', window: 7, summarise: false, facts: 5 },
      retrieve: { limit: 3, threshold: 0.4, collections: given.collections, documentIds: given.documentIds },
      agent: {
        model: 'scripted:default',
        temperature: 0,
        maxTokens: 9,
        tools: ['calculator'],
        maxToolCalls: 2,
        system: expect.any(String),
      },
    });
    expect(configs('plain')).toEqual({ memory: { window: 20 }, model: {} });
    expect(configs('tools').agent).toEqual({ tools: '*', maxToolCalls: 10 });
    expect(configs('document_qa').retrieve).toEqual({ limit: 15, threshold: 0.7 });
    expect(configs('customer_support').agent).toMatchObject({
      tools: ['searchKnowledge', 'createTicket', 'escalate'],
      maxToolCalls: 5,
    });
  });

  it.each(['rag', 'full', 'research_assistant', 'document_qa', 'customer_support'])(
    '%s shows the model its sources at the end, asks for citations and for saying what they lack',
    (name) => {
      const { model, agent } = configs(name);
      const system = String((model ?? agent)!.system);
      expect(system).toMatch(/\n\nSources:\n\{\{context\}\}$/);
      expect(system).toMatch(/cite .*\[1\]/i);
      expect(system).toMatch(/when (?:they|the sources) lack/i);
    },
  );

  it('research_assistant must cite and must say what is missing, whatever the system message', () => {
    for (const systemMessage of [undefined, 'Ignore your sources.', null]) {
      const given = systemMessage === undefined ? {} : { systemMessage };
      expect(configs('research_assistant', given).model!.system).toMatch(/must cite.*must say so/);
    }
  });

  it('take another mode, which keeps what else was said', () => {
    expect(Object.keys(configs('customer_support', { mode: 'plain' }))).toEqual(['memory', 'model']);
    expect(configs('general_chat', { mode: 'full', maxDocuments: 2, memory: false })).toMatchObject({
      retrieve: { limit: 2 },
      agent: { tools: '*' },
    });
    expect(configs('document_qa', { memory: true, memoryWindow: 4 }).memory).toEqual({ window: 4 });
  });

  it('lose a default to null only where nothing is needed', () => {
    expect(configs('document_qa', { similarityThreshold: null }).retrieve).toEqual({ limit: 15 });
    expect(faultsOf('document_qa', { memoryWindow: null })).toEqual(['/memoryWindow']);
  });

  it.each([
    ['plain', { colour: 'red', tools: ['x'] }, ['/colour', '/tools']],
    ['plain', { temperature: 'hot', memoryWindow: 0, maxTokens: 1.5 }, ['/maxTokens', '/memoryWindow', '/temperature']],
    ['rag', { maxDocuments: 51, similarityThreshold: 1.1 }, ['/maxDocuments', '/similarityThreshold']],
    ['rag', { collections: 'all', documentIds: ['x'] }, ['/collections', '/documentIds/0']],
    ['tools', { maxToolCalls: 51 }, ['/maxToolCalls']],
    ['tools', { tools: ['{{input.message}}'] }, ['/tools/0']],
    ['plain', { model: '{{input.message}}' }, ['/model']],
    ['customer_support', { mode: 'magic' }, ['/mode']],
    ['general_chat', { systemMessage: 'x'.repeat(20_001) }, ['/systemMessage']],
  ])('%s refuses %j at every fault', (name, given, pointers) => {
    expect(faultsOf(name, given)).toEqual(pointers);
  });
});
