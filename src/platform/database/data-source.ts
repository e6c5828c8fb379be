import { DataSource } from 'typeorm';
import { readEnvironment } from '../config/environment.js';
import { dataSourceOptions } from './data-source-options.js';
import { DatabaseConfig } from './database.config.js';

/** For the TypeORM command line, which needs DATABASE_URL: `npm run migration:run`. */
const config = new DatabaseConfig(readEnvironment());
if (config.url === undefined) throw new Error('Set DATABASE_URL; the embedded database migrates itself at start.');

export const dataSource = new DataSource({
  ...dataSourceOptions(config, { url: config.url }),
  entities: ['dist/**/*.entity.js'],
});
