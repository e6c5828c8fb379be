import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Access, Public } from '../../platform/http/access.js';
import type { Principal } from '../../platform/http/principal.js';
import { PermissionGuard } from './permission.guard.js';

class Routes {
  @Public()
  open(): void {}

  @Access('editor', 'runs:write')
  guarded(): void {}

  forgotten(): void {}
}

const caller: Principal = { userId: 'u', workspaceId: 'w', role: 'editor', isSystemAdmin: false };

describe('PermissionGuard', () => {
  const guard = new PermissionGuard(new Reflector());

  const ask = (route: keyof Routes, principal?: Principal) => () =>
    guard.canActivate({
      getHandler: () => Routes.prototype[route],
      getClass: () => Routes,
      switchToHttp: () => ({ getRequest: () => ({ principal }) }),
    } as unknown as ExecutionContext);

  it('lets anybody use a public route', () => {
    expect(ask('open')()).toBe(true);
  });

  it('denies a route that names no access, also to owners', () => {
    expect(ask('forgotten', { ...caller, role: 'owner', isSystemAdmin: true })).toThrow('Nobody is permitted');
  });

  it('denies a guarded route without a principal', () => {
    expect(ask('guarded')).toThrow('Nobody is permitted');
  });

  it('asks for the role or a higher one, and names it', () => {
    expect(ask('guarded', caller)()).toBe(true);
    expect(ask('guarded', { ...caller, role: 'owner' })()).toBe(true);
    expect(ask('guarded', { ...caller, role: 'viewer' })).toThrow(
      'takes the role editor in the workspace; yours is viewer',
    );
  });

  it('gives a system admin no role', () => {
    expect(ask('guarded', { ...caller, role: 'viewer', isSystemAdmin: true })).toThrow('takes the role editor');
  });

  it('asks for the scope of an API key that has scopes, and names it', () => {
    expect(ask('guarded', { ...caller, scopes: ['runs:write'] })()).toBe(true);
    expect(ask('guarded', { ...caller, scopes: ['runs:read', 'tools:write'] })).toThrow('lacks the scope runs:write');
    expect(ask('guarded', { ...caller, role: 'owner', scopes: [] })).toThrow('lacks the scope');
  });
});
