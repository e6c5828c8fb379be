import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { ChatMessage, ToolSpecification } from '../../../llm/chat-model.js';
import { LLMService, type ResolvedModel } from '../../../llm/llm.service.js';
import { ToolGate } from '../../../tool/tool-gate.js';
import { ToolCatalogue } from '../../../tool/tool-catalogue.js';
import type { OfferedTool } from '../../../tool/tool-source.js';
import { requirementsUnmet } from '../../workflow.errors.js';
import { loopIn, type ToolAttempt } from '../loop-guard.js';
import { MEMORY_TRIMMED, modelAnswer, type ModelAnswer } from '../model-call.js';
import { modelFields, saidTo } from '../model-fields.js';
import { NodeType, type NodeContext, type NodeEvent, type NodeExecutor, type NodeResult } from '../node-type.js';
import { readerOf } from '../structured-answer.js';
import { toolRound } from '../tool-round.js';

const Config = z.strictObject({
  ...modelFields,
  tools: z
    .union([z.literal('*'), z.array(z.string().min(1).max(64)).max(128)])
    .describe('The names of the tools it may call, or "*" for every tool.'),
  maxToolCalls: z.number().int().min(1).max(50).default(10).describe('Most tool calls; then it answers without.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'agent',
  title: 'Agent',
  description: 'Asks a model that may call tools, until it answers.',
  config: Config,
  example: { system: 'Use the tools to answer.', prompt: '{{input.message}}', tools: '*', maxToolCalls: 5 },
  ports: ['next'],
})
export class AgentNode implements NodeExecutor<Config> {
  constructor(
    private readonly llm: LLMService,
    private readonly catalogue: ToolCatalogue,
    private readonly gate: ToolGate,
  ) {}

  async execute(context: NodeContext<Config>): Promise<NodeResult> {
    const { schema, output } = context.config;
    const read = schema && (await readerOf(schema));
    const { answer, toolCalls } = await this.converse(context);
    const { text, finishReason } = answer;
    if (!read) return { output: { text, toolCalls }, variables: { [output]: text }, finishReason };
    const json = read(answer);
    return { output: { text, json, toolCalls }, variables: { [output]: json }, finishReason };
  }

  /** Asks, calls what the answer asks for and asks again, until an answer asks for nothing. */
  private async converse(given: NodeContext<Config>): Promise<Conversed> {
    const context = { ...given, emit: withoutRepeats(given.emit) };
    const { config, emit } = context;
    const model = this.llm.resolve(config.model, await this.llm.keyed(context.run.workspaceId));
    const { known, offered } = await this.toolsOf(context);
    const rounds: (readonly ToolAttempt[])[] = [];
    let messages = saidTo(config, context.messages);
    let mayCall = known.size > 0;
    for (let turn = 1; ; turn++) {
      const answer = await this.ask(context, { model, turn, messages, tools: mayCall ? offered : NO_TOOLS });
      const toolCalls = rounds.flat().length;
      if (!mayCall || answer.toolCalls.length === 0) return { answer, toolCalls };
      const most = config.maxToolCalls - toolCalls;
      const round = await toolRound(this.gate, context, {
        turn,
        asked: answer.toolCalls,
        tools: known,
        offered: [...offered.keys()],
        most,
      });
      rounds.push(round.attempts);
      const said: ChatMessage = { role: 'assistant', content: answer.text, toolCalls: answer.toolCalls };
      messages = messages.concat(said, round.messages);
      const end = endOfCalls(rounds, round.isExhausted, config.maxToolCalls);
      if (end) emit(end);
      mayCall = end === undefined;
    }
  }

  private ask(context: NodeContext<Config>, { model, turn, messages, tools }: Question): Promise<ModelAnswer> {
    const { temperature, maxTokens, schema } = context.config;
    return modelAnswer(this.llm, context, {
      model,
      messageKey: `${context.path.join('/')}-${turn}`,
      messages,
      temperature,
      maxTokens,
      schema,
      isKept: true,
      tools: tools.size > 0 ? [...tools.values()].map(specificationOf) : undefined,
    });
  }

  /**
   * The tools it is set up with: a call of any of them goes to the gate. Told to the model are those that the run's user may
   * call now. @throws Problem requirements-unmet that names the tools the workspace does not have
   */
  private async toolsOf({ config: { tools: names }, run }: NodeContext<Config>): Promise<AgentTools> {
    const allowed = new Map((await this.gate.offered(run)).map((tool) => [tool.name, tool]));
    const all = await this.catalogue.all(run.workspaceId);
    const byName = new Map(all.map((tool) => [tool.name, tool]));
    if (names === '*') return { known: byName, offered: allowed };
    const missingTools = names.filter((name) => !byName.has(name));
    if (missingTools.length > 0)
      throw requirementsUnmet(`This workspace has no tool ${missingTools.join(', ')}.`, {
        extensions: { missingTools },
      });
    return { known: only(byName, names), offered: only(allowed, names) };
  }
}

/** Every question has the same past: that the oldest of it is left out is told once, as long as it is no more. */
function withoutRepeats(emit: NodeContext<Config>['emit']): NodeContext<Config>['emit'] {
  let last: string | undefined;
  return (event) => {
    const isTrimmed = event.type === 'note' && event.code === MEMORY_TRIMMED;
    if (isTrimmed && event.detail === last) return;
    if (isTrimmed) last = event.detail;
    emit(event);
  };
}

interface AgentTools {
  readonly known: Tools;
  readonly offered: Tools;
}

const only = (tools: Tools, names: readonly string[]): Tools =>
  new Map(
    names.flatMap((name) => {
      const tool = tools.get(name);
      return tool ? [[name, tool] as const] : [];
    }),
  );

type Tools = ReadonlyMap<string, OfferedTool>;

/** What a model is told of a tool. */
const specificationOf = ({ name, description, parameters }: OfferedTool): ToolSpecification => ({
  name,
  description,
  parameters,
});

const NO_TOOLS: Tools = new Map();

interface Question {
  readonly model: ResolvedModel;
  /** The number of the answer, from 1. */
  readonly turn: number;
  readonly messages: readonly ChatMessage[];
  readonly tools: Tools;
}

interface Conversed {
  /** The last one. */
  readonly answer: ModelAnswer;
  /** How many calls were made, faulty ones included. */
  readonly toolCalls: number;
}

/** Why the model gets no more tools: it turns in circles, or has called as often as it may. */
function endOfCalls(
  rounds: readonly (readonly ToolAttempt[])[],
  isExhausted: boolean,
  maxToolCalls: number,
): NodeEvent | undefined {
  const loop = loopIn(rounds);
  if (loop !== undefined)
    return { type: 'note', code: 'loop-detected', detail: `${loop} The model answers without tools.` };
  const made = rounds.flat().length;
  if (!isExhausted && made < maxToolCalls) return undefined;
  const limit =
    made < maxToolCalls
      ? 'The run has made as many tool calls as maxToolCalls allows.'
      : `The node has made ${made} tool calls, as many as its maxToolCalls allows.`;
  return { type: 'note', code: 'limit-reached', detail: `${limit} The model answers without tools.` };
}
