import { Module } from '@nestjs/common';
import { KnownScopes } from './known-scopes.js';

@Module({ providers: [KnownScopes], exports: [KnownScopes] })
export class PermissionModule {}
