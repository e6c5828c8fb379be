import { Module } from '@nestjs/common';
import { JwtModule, JwtSecretRequestType } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { provideConfiguration } from '../../platform/config/configuration.js';
import { Database } from '../../platform/database/database.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import { SealingModule } from '../../platform/sealing/sealing.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { PermissionModule } from '../permission/permission.module.js';
import { ThrottleModule } from '../throttle/throttle.module.js';
import { WorkspaceModule } from '../workspace/workspace.module.js';
import { AccessTokens } from './access-tokens.js';
import { AccountService } from './account.service.js';
import { ApiKeyController } from './api-key.controller.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeyService } from './api-key.service.js';
import { ApiKeys } from './api-keys.js';
import { AuthController } from './auth.controller.js';
import { Authentication } from './authentication.js';
import { DevelopmentUser } from './development-user.js';
import { ExpiryService } from './expiry.service.js';
import { IdentityConfig } from './identity.config.js';
import { LoginService } from './login.service.js';
import { Passwords } from './passwords.js';
import { RegistrationService } from './registration.service.js';
import { SessionCheck } from './session-check.js';
import { SessionRepository } from './session.repository.js';
import { SessionService } from './session.service.js';
import { SigningKey } from './signing-key.js';
import { UserEntity } from './user.entity.js';
import { UserRepository } from './user.repository.js';

@Module({
  imports: [SealingModule],
  providers: [
    provideConfiguration(IdentityConfig),
    { provide: SigningKey, inject: [IdentityConfig, Database, Sealer], useFactory: SigningKey.load },
  ],
  exports: [IdentityConfig, SigningKey],
})
class SigningKeyModule {}

@Module({
  imports: [
    SigningKeyModule,
    JwtModule.registerAsync({
      imports: [SigningKeyModule],
      inject: [SigningKey],
      useFactory: ({ privateKey, publicKey }: SigningKey) => ({
        secretOrKeyProvider: (request) => (request === JwtSecretRequestType.SIGN ? privateKey : publicKey),
      }),
    }),
    TypeOrmModule.forFeature([UserEntity, ApiKeyEntity]),
    AuditModule,
    PermissionModule,
    ThrottleModule,
    WorkspaceModule,
  ],
  controllers: [AuthController, ApiKeyController],
  providers: [
    AccessTokens,
    AccountService,
    ApiKeyRepository,
    ApiKeyService,
    ApiKeys,
    Authentication,
    DevelopmentUser,
    ExpiryService,
    LoginService,
    Passwords,
    RegistrationService,
    SessionCheck,
    SessionRepository,
    SessionService,
    UserRepository,
  ],
  exports: [Authentication, DevelopmentUser, SessionCheck],
})
export class IdentityModule {}
