import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';

/** Marks a class as a plugin of one kind: `@ModelProvider()` on the class, `PLUGIN.get(...)` for the marker's options. */
export interface PluginKind<Options> {
  (options: Options): ClassDecorator;
  readonly KEY: string;
  readonly kind: string;
}

/** Makes the decorator of a plugin kind. The kind's registry finds the decorated providers of every module. */
export function pluginKind<Options = void>(kind: string): PluginKind<Options> {
  return Object.assign(DiscoveryService.createDecorator<Options>() as unknown as PluginKind<Options>, { kind });
}

/** Finds the decorated providers of a kind, whichever module lists them. */
@Injectable()
export class PluginRegistry {
  constructor(private readonly discovery: DiscoveryService) {}

  /** Every plugin of the kind with the options it was decorated with, in the order of the modules. */
  find<Plugin, Options>(kind: PluginKind<Options>): readonly { readonly plugin: Plugin; readonly options: Options }[] {
    return this.discovery
      .getProviders({ metadataKey: kind.KEY })
      .filter((wrapper) => Boolean(wrapper.instance))
      .map((wrapper) => ({
        plugin: wrapper.instance as Plugin,
        options: this.discovery.getMetadataByDecorator(kind as never, wrapper) as Options,
      }));
  }

  /** The plugins of a kind by name. @throws Error at start when two carry the same name. */
  byName<Plugin, Options>(
    kind: PluginKind<Options>,
    nameOf: (plugin: Plugin, options: Options) => string,
  ): ReadonlyMap<string, Plugin> {
    const plugins = new Map<string, Plugin>();
    for (const { plugin, options } of this.find<Plugin, Options>(kind)) {
      const name = nameOf(plugin, options);
      if (plugins.has(name)) throw new Error(`Two ${kind.kind} plugins are named "${name}".`);
      plugins.set(name, plugin);
    }
    return plugins;
  }
}
