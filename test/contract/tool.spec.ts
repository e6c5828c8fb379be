import { Test } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import { newId } from '../../src/platform/clock/id.js';
import { Database } from '../../src/platform/database/database.js';
import { ToolCatalogue } from '../../src/tool/tool-catalogue.js';
import { ROOMY } from '../support/app.js';
import { testDatabase } from '../support/postgres.js';
import { describeTool } from './tool.contract.js';

// Before any test is declared: which tools there are is known only then.
const database = await testDatabase('tools');
const module = await Test.createTestingModule({
  imports: [AppModule.with({ ...ROOMY, ...database.environment, SCRIPTED_TOKEN_MS: '0' })],
}).compile();
module.useLogger(false);
await module.init();
const caller = { workspaceId: newId(), userId: newId() };
await module.get(Database).query(
  `WITH made AS (INSERT INTO workspace (id, name, created_by) VALUES ($1, 'Test', $2))
   INSERT INTO app_user (id, email, email_key, password_hash, personal_workspace_id) VALUES ($2, 'a@example.com', 'a@example.com', '-', $1)`,
  [caller.workspaceId, caller.userId],
);
const tools = await module.get(ToolCatalogue).all(caller.workspaceId);

afterAll(async () => {
  await module.close();
  await database.drop();
});

describe('built-in tools', () => {
  it('are registered', () => {
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['calculator', 'createTicket']));
  });
});

for (const tool of tools) describeTool(tool, caller);
