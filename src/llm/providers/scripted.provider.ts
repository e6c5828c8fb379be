import { configuration, setting } from '../../platform/config/configuration.js';
import { ServerConfig } from '../../platform/config/server.config.js';
import { flag, integer } from '../../platform/config/values.js';
import type { ChatModel } from '../chat-model.js';
import { Provider, type ModelDescription, type ModelProvider } from '../model-provider.js';
import { ScriptedChatModel } from '../scripted/scripted-chat-model.js';

export class ScriptedConfig extends configuration('Scripted model', {
  tokenMs: setting(
    'SCRIPTED_TOKEN_MS',
    integer(0, 60_000).default(15),
    'Milliseconds a token of the scripted model; 0 is at once.',
  ),
  directives: setting(
    'SCRIPTED_DIRECTIVES',
    flag().optional(),
    'Whether messages may hold test directives such as [[fail]] for the scripted model.',
    { shownDefault: 'true, false in production' },
  ),
}) {}

const DEFAULT_MODEL: ModelDescription = {
  name: 'default',
  title: 'Scripted stand-in',
  contextWindow: 128_000,
  capabilities: { tools: true, structuredOutput: true },
};

/** Serves when no key is set, so that a first answer needs none. */
@Provider({ name: 'scripted', title: 'Scripted stand-in', rank: 1000, configuredBy: [] })
export class ScriptedProvider implements ModelProvider {
  private readonly model: ChatModel;

  constructor(config: ScriptedConfig, { nodeEnv }: ServerConfig) {
    this.model = new ScriptedChatModel({
      tokenMs: config.tokenMs,
      directives: config.directives ?? nodeEnv !== 'production',
    });
  }

  isConfigured(): boolean {
    return true;
  }

  models(): readonly ModelDescription[] {
    return [DEFAULT_MODEL];
  }

  chatModel(): ChatModel {
    return this.model;
  }
}
