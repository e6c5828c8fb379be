import { Injectable, Module, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { pluginKind, PluginRegistry } from './plugin.registry.js';

interface Instrument {
  play(): string;
}

const Instrument = pluginKind<{ readonly name: string }>('instrument');
const Marker = pluginKind('marker');

@Injectable()
class Tuning {
  readonly pitch = 440;
}

@Injectable()
@Instrument({ name: 'flute' })
class Flute implements Instrument {
  constructor(private readonly tuning: Tuning) {}

  play(): string {
    return `flute at ${this.tuning.pitch}`;
  }
}

@Injectable()
@Instrument({ name: 'drum' })
@Marker()
class Drum implements Instrument {
  play(): string {
    return 'drum';
  }
}

@Injectable()
@Instrument({ name: 'drum' })
class OtherDrum extends Drum {}

@Module({ providers: [Tuning, Flute] })
class WoodwindModule {}

describe('the plugin registry', () => {
  const registryOf = async (...providers: Type[]): Promise<PluginRegistry> => {
    const imports = [DiscoveryModule, WoodwindModule];
    const module = await Test.createTestingModule({ imports, providers: [PluginRegistry, ...providers] }).compile();
    return module.get(PluginRegistry);
  };

  it('finds the decorated providers of every module, injected, with the options of their decorator', async () => {
    const found = (await registryOf(Drum)).find<Instrument, { name: string }>(Instrument);
    expect(found.map(({ options, plugin }) => [options.name, plugin.play()]).toSorted()).toEqual([
      ['drum', 'drum'],
      ['flute', 'flute at 440'],
    ]);
  });

  it('finds a kind without options, and only plugins of the kind asked for', async () => {
    const registry = await registryOf(Drum);
    expect(registry.find<Instrument, void>(Marker).map(({ plugin }) => plugin.play())).toEqual(['drum']);
    expect(registry.find(pluginKind('unused'))).toEqual([]);
  });

  it('knows plugins by name', async () => {
    const plugins = (await registryOf(Drum)).byName<Instrument, { name: string }>(Instrument, (_, { name }) => name);
    expect([...plugins.keys()].toSorted()).toEqual(['drum', 'flute']);
    expect(plugins.get('flute')).toBeInstanceOf(Flute);
    expect(plugins.get('constructor')).toBeUndefined();
  });

  it('refuses two plugins of one name', async () => {
    const registry = await registryOf(Drum, OtherDrum);
    expect(() => registry.byName<Instrument, { name: string }>(Instrument, (_, { name }) => name)).toThrow(
      'Two instrument plugins are named "drum".',
    );
  });
});
