import { Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

const LISTENS = Symbol('listens');

type Handler = (event: object) => Promise<void> | void;

/** Makes a method a listener of one event class. */
export function On<Event extends object>(type: Type<Event>) {
  return <Method extends (event: Event) => Promise<void> | void>(
    _target: object,
    _name: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    if (descriptor.value) Reflect.defineMetadata(LISTENS, type, descriptor.value);
  };
}

/**
 * In-process events between rooms that must not know each other. `publish` awaits every listener in turn within the
 * caller's transaction: a listener that throws undoes the act that published. What must happen only after the commit
 * belongs into `Database.afterCommit`.
 */
@Injectable()
export class EventBus implements OnApplicationBootstrap {
  private readonly handlers = new Map<unknown, Handler[]>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onApplicationBootstrap(): void {
    const instances = new Set<unknown>(this.discovery.getProviders().map(({ instance }) => instance as unknown));
    for (const instance of instances) {
      if (typeof instance !== 'object' || instance === null) continue;
      const prototype: unknown = Object.getPrototypeOf(instance);
      if (typeof prototype !== 'object' || prototype === null) continue;
      for (const name of this.scanner.getAllMethodNames(prototype)) this.register(instance, name);
    }
  }

  async publish(event: object): Promise<void> {
    for (const handler of this.handlers.get(event.constructor) ?? []) await handler(event);
  }

  private register(instance: object, name: string): void {
    const method = (instance as Record<string, unknown>)[name];
    if (typeof method !== 'function') return;
    const type: unknown = Reflect.getMetadata(LISTENS, method);
    if (type === undefined) return;
    this.handlers.set(type, [...(this.handlers.get(type) ?? []), (method as Handler).bind(instance)]);
  }
}
