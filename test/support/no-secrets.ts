import { Module } from '@nestjs/common';
import { Database } from '../../src/platform/database/database.js';
import { SecretStore } from '../../src/security/secret/secret-store.js';

/** In place of SecretModule, where there is no database: no workspace has a secret. */
@Module({
  providers: [
    { provide: SecretStore, useValue: { providerKeys: async () => new Map() } },
    {
      provide: Database,
      useValue: {
        detached: (work: () => unknown) => work(),
        afterCommit: (act: () => void) => act(),
      },
    },
  ],
  exports: [Database, SecretStore],
})
export class NoSecretsModule {}
