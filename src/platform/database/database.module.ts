import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { provideConfiguration } from '../config/configuration.js';
import { dataSourceOptions } from './data-source-options.js';
import { Database } from './database.js';
import { DatabaseConfig } from './database.config.js';
import { EmbeddedDatabase } from './embedded-database.js';
import { migrate } from './migrate.js';

@Global()
@Module({
  providers: [provideConfiguration(DatabaseConfig), EmbeddedDatabase],
  exports: [DatabaseConfig, EmbeddedDatabase],
})
class ConnectionModule {}

@Global()
@Module({
  imports: [
    ConnectionModule,
    TypeOrmModule.forRootAsync({
      inject: [DatabaseConfig, EmbeddedDatabase],
      useFactory: async (config: DatabaseConfig, embedded: EmbeddedDatabase) => ({
        ...dataSourceOptions(config, await embedded.connection()),
        autoLoadEntities: true,
        retryAttempts: 0,
      }),
      dataSourceFactory: async (options) => {
        if (options?.type !== 'postgres') throw new Error('TypeORM was given no PostgreSQL options.');
        const dataSource = await new DataSource(options).initialize();
        await migrate(dataSource, options.schema ?? 'public');
        return dataSource;
      },
    }),
  ],
  providers: [Database],
  exports: [Database],
})
export class DatabaseModule {}
