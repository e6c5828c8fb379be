import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Bundle } from '../definition/bundle.js';

/** The definitions that runs were begun with, by their hash. */
@Injectable()
export class DefinitionRepository {
  constructor(private readonly database: Database) {}

  async save(workspaceId: string, hash: string, bundle: Bundle): Promise<void> {
    await this.database.query(SAVE_DEFINITION, [workspaceId, hash, JSON.stringify(bundle)]);
  }

  async find(workspaceId: string, hash: string): Promise<Bundle | undefined> {
    const row = await this.database.one<{ body: Bundle }>(
      'SELECT body FROM definition WHERE workspace_id = $1 AND hash = $2',
      [workspaceId, hash],
    );
    return row?.body;
  }
}

const SAVE_DEFINITION = `INSERT INTO definition (workspace_id, hash, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
