import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { embeddingModelUnknown } from '../knowledge.errors.js';
import {
  EmbeddingProvider,
  type EmbeddingIdentity,
  type EmbeddingModel,
  type EmbeddingPlugin,
} from './embedding-provider.js';

interface Registered {
  readonly plugin: EmbeddingPlugin;
  readonly options: EmbeddingIdentity;
}

/** Every embedding model by its name, provider:model. */
@Injectable()
export class EmbeddingRegistry implements OnModuleInit {
  private providers: ReadonlyMap<string, Registered> = new Map();

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    const found = this.plugins.find<EmbeddingPlugin, EmbeddingIdentity>(EmbeddingProvider);
    this.providers = new Map(found.map((one) => [one.options.name, one]));
    if (this.providers.size < found.length) throw new Error('Two embedding providers carry the same name.');
  }

  /** @throws Problem embedding-model-unknown that says what is missing */
  get(name: string): EmbeddingModel {
    const colon = name.indexOf(':');
    const provider = this.providers.get(name.slice(0, Math.max(colon, 0)));
    if (!provider) {
      throw embeddingModelUnknown(
        `There is no embedding provider of "${name}". Choose one of ${[...this.providers.keys()].join(', ')}, as provider:model.`,
      );
    }
    const { plugin, options } = provider;
    if (!plugin.isConfigured())
      throw embeddingModelUnknown(`"${name}" is not configured: set ${options.configuredBy.join(' and ')}.`);
    const model = plugin.model(name.slice(colon + 1));
    if (!model)
      throw embeddingModelUnknown(`Provider "${options.name}" has no embedding model "${name.slice(colon + 1)}".`);
    return model;
  }
}
