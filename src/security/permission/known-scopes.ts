import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { REQUIRED_ACCESS, type RequiredAccess } from '../../platform/http/access.js';

/** The scopes an API key can carry: those that some route asks for. */
@Injectable()
export class KnownScopes {
  private known: readonly string[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** Sorted. */
  list(): readonly string[] {
    this.known ??= [
      ...new Set(this.discovery.getControllers().flatMap(({ metatype }) => this.scopesOf(metatype))),
    ].sort();
    return this.known;
  }

  private scopesOf(controller: unknown): readonly string[] {
    if (typeof controller !== 'function') return [];
    const prototype = controller.prototype as Readonly<Record<string, () => unknown>>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name];
      const access = handler && this.reflector.get<RequiredAccess | undefined>(REQUIRED_ACCESS, handler);
      return access ? [access.scope] : [];
    });
  }
}
