import { Global, Logger, Module } from '@nestjs/common';
import { resolve } from 'node:path';
import { provideConfiguration } from '../config/configuration.js';
import { ServerConfig } from '../config/server.config.js';
import { EmbeddedDatabase } from '../database/embedded-database.js';
import { keyFromFile } from './key-file.js';
import { Sealer } from './sealer.js';
import { SealingConfig } from './sealing.config.js';

@Global()
@Module({
  providers: [
    provideConfiguration(SealingConfig),
    { provide: Sealer, inject: [SealingConfig, ServerConfig, EmbeddedDatabase], useFactory: createSealer },
  ],
  exports: [Sealer],
})
export class SealingModule {}

/** ENCRYPTION_KEY, else the key file: its home is the embedded database's folder, so it is refused beside a production server. */
async function createSealer(config: SealingConfig, server: ServerConfig, embedded: EmbeddedDatabase): Promise<Sealer> {
  if (config.key !== undefined) return new Sealer(Buffer.from(config.key, 'base64'));
  if (!embedded.isUsed) {
    if (server.nodeEnv === 'production')
      throw new Error('Set ENCRYPTION_KEY: with DATABASE_URL in production there is no default key.');
    new Logger('Sealing').warn(
      'ENCRYPTION_KEY is not set; a key file in DATA_DIR is used. Other processes need the same key.',
    );
  }
  return new Sealer(await keyFromFile(resolve(server.dataDir)));
}
