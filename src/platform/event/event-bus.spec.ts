import { Injectable, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBus, On } from './event-bus.js';

class Rang {
  readonly heard: string[] = [];
}

class Fell {}

@Injectable()
class Porter {
  readonly name = 'porter';

  get door(): string {
    throw new Error('Listeners are found without reading properties.');
  }

  @On(Rang)
  async onRang(event: Rang): Promise<void> {
    await sleep(10);
    event.heard.push(this.name);
  }

  unrelated(): void {
    throw new Error('Not a listener.');
  }
}

@Injectable()
class Dog {
  @On(Rang)
  onRang(event: Rang): void {
    event.heard.push('dog');
  }

  @On(Fell)
  onFell(): never {
    throw new Error('The dog fell.');
  }
}

@Injectable()
class Puppy extends Dog {}

describe('the event bus', () => {
  const busWith = async (...providers: Provider[]): Promise<EventBus> => {
    const module = await Test.createTestingModule({
      imports: [DiscoveryModule],
      providers: [EventBus, ...providers],
    }).compile();
    await module.init();
    return module.get(EventBus);
  };

  it('tells every listener of the event, one after the other, before publish resolves', async () => {
    const event = new Rang();
    await (await busWith(Porter, Dog)).publish(event);
    expect(event.heard).toEqual(['porter', 'dog']);
  });

  it('tells nobody of an event without listeners, nor listeners of other events', async () => {
    const bus = await busWith(Porter);
    await expect(bus.publish(new Fell())).resolves.toBeUndefined();
    await expect(bus.publish({})).resolves.toBeUndefined();
  });

  it('passes a listener’s error on to who published', async () => {
    await expect((await busWith(Dog)).publish(new Fell())).rejects.toThrow('The dog fell.');
  });

  it('finds listeners that a class inherits', async () => {
    const event = new Rang();
    await (await busWith(Puppy)).publish(event);
    expect(event.heard).toEqual(['dog']);
  });

  it('tells a listener once, under however many tokens it is provided', async () => {
    const event = new Rang();
    await (await busWith(Dog, { provide: 'alias', useExisting: Dog })).publish(event);
    expect(event.heard).toEqual(['dog']);
  });
});
