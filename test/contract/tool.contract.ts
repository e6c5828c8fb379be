import { setTimeout as sleep } from 'node:timers/promises';
import { schemaValue } from '../../src/llm/scripted/schema-value.js';
import { newId } from '../../src/platform/clock/id.js';
import { Problem } from '../../src/platform/problem/problem.js';
import { schemaCheck, type JsonSchema } from '../../src/platform/schema/json-schema.js';
import { RISKS } from '../../src/security/risk/risk.js';
import type { ToolCaller } from '../../src/tool/access/tool-access.js';
import { TOOL_NAME } from '../../src/tool/tool-name.js';
import { keptResult } from '../../src/tool/tool-result.js';
import type { OfferedTool } from '../../src/tool/tool-source.js';
import { TOOL_EFFECTS } from '../../src/tool/tool.js';

const PROMPTLY_MS = 10_000;

/** What every tool does, tried for a user of a workspace with arguments made from its schema. */
export function describeTool(tool: OfferedTool, caller: ToolCaller): void {
  describe(`the tool "${tool.name}": the tool contract`, () => {
    const sample = schemaValue({ ...tool.parameters }, 'sample') as Readonly<Record<string, unknown>>;
    const context = (signal: AbortSignal) => ({
      ...caller,
      callId: 'n:1',
      idempotencyKey: newId(),
      signal,
    });

    it('has a name that providers take, a title, a description, a risk and an effect', () => {
      expect(tool.name).toMatch(TOOL_NAME);
      expect(tool.title).toMatch(/^\S.{1,79}$/);
      expect(tool.description).toMatch(/^\S[\s\S]{9,}\.$/);
      expect(RISKS).toContain(tool.risk);
      expect(TOOL_EFFECTS).toContain(tool.effect);
    });

    it('declares its arguments as the JSON Schema of an object that takes no others', async () => {
      expect(tool.parameters).toMatchObject({ type: 'object', additionalProperties: false });
      const members = Object.entries((tool.parameters.properties ?? {}) as Readonly<Record<string, JsonSchema>>);
      const mute = members.filter(([, { description }]) => typeof description !== 'string' || description === '');
      expect(mute.map(([name]) => name)).toEqual([]);
      await expect(schemaCheck(tool.parameters)).resolves.toBeDefined();
    });

    it.each<[string, unknown]>([
      ['no object', 'text'],
      ['a list', []],
      ['null', null],
      ['an unknown member', { ...sample, notDeclared: 1 }],
      ['a member that objects have', JSON.parse('{"__proto__": {"a": 1}, "constructor": 1}')],
    ])('refuses %s as tool-arguments-invalid', async (_, args) => {
      const refused = await tool.parse(args).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refused).toMatchObject({
        type: { slug: 'tool-arguments-invalid' },
        extensions: { errors: expect.any(Array) },
      });
    });

    it('answers JSON within the cap, or a problem', async () => {
      const args = await tool.parse(sample).catch(() => undefined);
      if (args === undefined) return;
      const ending = await tool.call(args, context(AbortSignal.timeout(PROMPTLY_MS))).then(
        (result) => keptResult(tool, result).then((value) => ({ value })),
        (error: unknown) => ({ error }),
      );
      if ('error' in ending) expect(ending.error).toBeInstanceOf(Problem);
      else expect(JSON.parse(JSON.stringify(ending.value))).toEqual(ending.value);
    });

    it('ends when its signal is aborted', async () => {
      const args = await tool.parse(sample).catch(() => undefined);
      if (args === undefined) return;
      const controller = new AbortController();
      const ending = Promise.resolve(tool.call(args, context(controller.signal))).then(
        () => 'ended',
        () => 'ended',
      );
      controller.abort(new Error('enough'));
      expect(await Promise.race([ending, sleep(PROMPTLY_MS, 'goes on', { ref: false })])).toBe('ended');
    });
  });
}
