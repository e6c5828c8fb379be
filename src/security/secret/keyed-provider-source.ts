import { pluginKind } from '../../platform/plugin/plugin.registry.js';

/** Marks a class that knows providers which take a key of a workspace. */
export const KeyedProviders = pluginKind('source of keyed providers');

export interface KeyedProviderSource {
  /** By the provider's name, the `host:port` that its key is sent to. */
  keyHosts(): ReadonlyMap<string, string>;
}
