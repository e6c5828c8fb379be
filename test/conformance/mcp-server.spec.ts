import { ToolModule } from '../../src/tool/tool.module.js';
import { startApp, type TestApp } from '../support/app.js';
import { install } from '../support/stories.js';
import { conformanceOf, portOf, withCredentials, type Check } from './conformance.js';
import { FIXTURE_TOOLS } from './fixture-tools.js';
import { APPLICABLE, NOT_APPLICABLE } from './scenarios.js';

describe('the conformance suite of the Model Context Protocol', () => {
  let chatter: TestApp;
  let found: ReadonlyMap<string, readonly Check[]>;

  beforeAll(async () => {
    install(ToolModule, ...FIXTURE_TOOLS);
    chatter = await startApp();
    const anna = await chatter.register();
    const { body } = await chatter.call('POST', '/auth/api-keys', {
      as: anna,
      body: { name: 'conformance', scopes: ['mcp:write'] },
    });
    const front = await withCredentials(chatter.url, { Authorization: `Bearer ${body.key as string}` });
    found = await conformanceOf(`http://localhost:${portOf(front)}/mcp`);
    front.closeAllConnections();
    front.close();
  }, 150_000);

  afterAll(async () => {
    await chatter.close();
    process.stdout.write(`${summary()}\n`);
  });

  function summary(): string {
    const checks = APPLICABLE.flatMap((scenario) => found.get(scenario) ?? []);
    const counted = (wanted: Check['status']) => checks.filter(({ status }) => status === wanted).length;
    return [
      `MCP conformance: ${APPLICABLE.length} scenarios run, ${Object.keys(NOT_APPLICABLE).length} not applicable;`,
      `${counted('WARNING')} checks warned, ${counted('SKIPPED')} skipped`,
      `\n${counted('SUCCESS')} checks passed, ${counted('FAILURE')} failed`,
    ].join(' ');
  }

  it('has no scenario that is neither run nor known not to apply', () => {
    expect([...found.keys()].sort()).toEqual([...APPLICABLE, ...Object.keys(NOT_APPLICABLE)].sort());
  });

  it.each(APPLICABLE)('finds no fault in %s', (scenario) => {
    const checks = found.get(scenario) ?? [];
    expect(checks.filter(({ status }) => status === 'SUCCESS').length).toBeGreaterThan(0);
    expect(checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING')).toEqual([]);
  });

  it.each(Object.keys(NOT_APPLICABLE))('would not pass in %s, which does not apply', (scenario) => {
    const checks = found.get(scenario) ?? [];
    expect(checks.some(({ status }) => status === 'FAILURE' || status === 'WARNING')).toBe(true);
  });
});
