import { Injectable } from '@nestjs/common';
import { PluginRegistry } from '../platform/plugin/plugin.registry.js';
import { Provider, type ModelProvider, type ProviderIdentity } from './model-provider.js';

export interface RegisteredProvider extends ProviderIdentity {
  readonly plugin: ModelProvider;
}

/** Every model provider by name, in the order of their ranks. */
@Injectable()
export class ProviderRegistry {
  private found: ReadonlyMap<string, RegisteredProvider> | undefined;

  constructor(private readonly plugins: PluginRegistry) {}

  all(): readonly RegisteredProvider[] {
    return [...this.byName().values()];
  }

  get(name: string): RegisteredProvider | undefined {
    return this.byName().get(name);
  }

  private byName(): ReadonlyMap<string, RegisteredProvider> {
    return (this.found ??= this.find());
  }

  private find(): ReadonlyMap<string, RegisteredProvider> {
    const found = this.plugins.find<ModelProvider, ProviderIdentity>(Provider);
    const ranked = found.toSorted(
      (a, b) => a.options.rank - b.options.rank || a.options.name.localeCompare(b.options.name),
    );
    const byName = new Map(ranked.map(({ plugin, options }) => [options.name, { ...options, plugin }]));
    if (byName.size < found.length) throw new Error('Two model providers carry the same name.');
    return byName;
  }
}
