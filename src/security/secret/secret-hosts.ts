import { Injectable } from '@nestjs/common';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import { hostPatternOf } from './host-pattern.js';
import { KeyedProviders, type KeyedProviderSource } from './keyed-provider-source.js';

/** Which hosts a new secret is bound to: those that are named, and the one of its provider. */
@Injectable()
export class SecretHosts {
  constructor(private readonly plugins: PluginRegistry) {}

  /** In their normal form. @throws Problem validation-failed */
  of({ hosts = [], provider }: { readonly hosts?: readonly string[]; readonly provider?: string }): readonly string[] {
    const own = provider === undefined ? [] : [this.hostOf(provider)];
    const named = hosts.map((text, index) => hostPatternOf(text) ?? refuse(index));
    const all = [...new Set([...own, ...named])];
    if (all.length > 0) return all;
    throw validationFailed([{ pointer: '/hosts', detail: 'must name a host, unless a provider is named' }]);
  }

  private hostOf(provider: string): string {
    const known = new Map(
      this.plugins
        .find<KeyedProviderSource, void>(KeyedProviders)
        .flatMap(({ plugin }) => [...plugin.keyHosts().entries()]),
    );
    const host = known.get(provider);
    if (host !== undefined) return host;
    const names = [...known.keys()].join(', ') || 'none';
    throw validationFailed([
      { pointer: '/provider', detail: `must be a provider that takes a key; there are ${names}` },
    ]);
  }
}

function refuse(index: number): never {
  const detail = 'must be a host, host:port or *.domain, such as api.example.com';
  throw validationFailed([{ pointer: `/hosts/${index}`, detail }]);
}
