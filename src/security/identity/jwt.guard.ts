import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { PUBLIC } from '../../platform/http/access.js';
import { unauthenticated } from '../../platform/problem/http.errors.js';
import { Problem } from '../../platform/problem/problem.js';
import { BadCredentials } from '../throttle/bad-credentials.js';
import { Authentication } from './authentication.js';
import { credentialOf } from './credential.js';
import type { IdentifiedRequest } from './identity.js';

/** Lets a request pass whose sender is known, and any on a public route. */
@Injectable()
export class JwtGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: Authentication,
    private readonly bad: BadCredentials,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, [context.getHandler(), context.getClass()]))
      return true;
    const request = context.switchToHttp().getRequest<IdentifiedRequest>();
    const credential = credentialOf(request.headers);
    const address = request.ip ?? '';
    if (credential.kind !== 'none') this.bad.admit(address);
    try {
      request.identity = await this.authentication.identify(credential);
      return true;
    } catch (error) {
      if (credential.kind !== 'none' && Problem.is(error, unauthenticated)) this.bad.count(address);
      throw error;
    }
  }
}
