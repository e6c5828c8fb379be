import { setTimeout as sleep } from 'node:timers/promises';
import { schemaValue } from '../../src/llm/scripted/schema-value.js';
import { schemaCheck, type JsonSchema } from '../../src/platform/schema/json-schema.js';
import { Problem } from '../../src/platform/problem/problem.js';
import { resolveReferences } from '../../src/workflow/definition/reference.js';
import { configFaults } from '../../src/workflow/graph/node-config.js';
import { configSchemaOf } from '../../src/workflow/node/config-schema.js';
import type { RegisteredNodeType } from '../../src/workflow/node/node.registry.js';
import type { NodeContext, NodeEvent, NodeResult } from '../../src/workflow/node/node-type.js';
import { nodeContext } from '../support/node-context.js';
import type { NodeWorld } from '../support/node-world.js';

type Members = Readonly<Record<string, unknown>>;

/** How a run of a node ended: by its result, or by what it threw. */
interface Ending {
  readonly result?: NodeResult;
  readonly error?: unknown;
}

/** Times of a node that does what it should are far below. */
const PROMPTLY_MS = 5_000;

/** What every node type does, tried with its example. A type without one is tried with a value made from its schema. */
export function describeNodeType(type: RegisteredNodeType, world: NodeWorld): void {
  describe(`the node type "${type.type}": the node-type contract`, () => {
    const published = configSchemaOf(type);
    const written = type.example ?? (schemaValue(published, 'sample') as Members);
    const scope = frozen({ ...SCOPE, input: inputFor(type, written) });
    const resolved = configFor(type, written, scope);

    it('has a name, a title and a description of one line', () => {
      expect(type.type).toMatch(/^[a-z][A-Za-z]{1,63}$/);
      expect(type.title).toMatch(/^[A-Z][\w ]{1,39}$/);
      expect(type.description).toMatch(/^[A-Z][^\n]{9,199}\.$/);
    });

    it('publishes its configuration as JSON Schema, every member described', async () => {
      expect(published).toMatchObject({ type: 'object', additionalProperties: false });
      const members = Object.entries((published['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>);
      const mute = members.filter(([, { description }]) => !/^\S.*\.$/s.test(String(description ?? '')));
      expect(mute.map(([name]) => name)).toEqual([]);
      expect(JSON.parse(JSON.stringify(published))).toEqual(published);
      const check = await schemaCheck(published);
      expect(check(resolved)).toEqual([]);
    });

    it('has an example that works as it is written', () => {
      expect(configFaults(type.config, written, '')).toEqual([]);
      expect(type.config.safeParse(resolved).error?.issues ?? []).toEqual([]);
    });

    it('fills in its defaults, which it takes itself', () => {
      const parsed = type.config.parse(resolved) as Members;
      for (const [name, { default: value }] of Object.entries(
        (published['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>,
      ))
        if (value !== undefined && !Object.hasOwn(resolved, name))
          expect({ [name]: parsed[name] }).toEqual({ [name]: value });
      expect(type.config.parse(parsed)).toEqual(parsed);
    });

    it('refuses members it does not know', () => {
      const { error } = type.config.safeParse({ ...resolved, 'no such member': 1 });
      expect(error?.issues.map(({ code }) => code)).toContain('unrecognized_keys');
    });

    it('has ports that can be named, each once', () => {
      const ports = portsOf(type, written);
      expect(new Set(ports).size).toBe(ports.length);
      expect(ports.filter((port) => typeof port !== 'string' || port.length < 1 || port.length > 64)).toEqual([]);
      expect(ports).toEqual(expect.arrayContaining([...(type.optionalPorts ?? [])]));
      expect(Array.isArray(portsOf(type, {}))).toBe(true);
    });

    it('ends with a result, or with a problem when it has the port "error"', async () => {
      const { ending } = await run();
      if (ending.error !== undefined) expect(portsOf(type, written)).toContain('error');
      else if (!ending.result?.end) expect(portsOf(type, written)).toContain(ending.result?.port ?? 'next');
    });

    it('has results that are JSON', async () => {
      const { ending, events } = await run();
      const { output, variables, messages, explanation, end } = ending.result ?? {};
      for (const value of [output, variables, messages, explanation, end?.output, ...events])
        if (value !== undefined) expect(JSON.parse(JSON.stringify(value))).toEqual(withoutUndefined(value));
    });

    it('emits nothing after its end', async () => {
      const { events } = await run();
      const count = events.length;
      await settledDown();
      expect(events).toHaveLength(count);
    });

    if (type.pure)
      it('is pure: emits nothing and gives the same result each time', async () => {
        const [first, second] = [await run(), await run()];
        expect([...first.events, ...second.events]).toEqual([]);
        expect(second.ending).toEqual(first.ending);
      });

    it('ends promptly when it is aborted before it begins, and does nothing then', async () => {
      const reason = new Error('cancelled');
      const { ending, events } = await promptly(run(AbortSignal.abort(reason)));
      if (!type.pure && ending.result === undefined && !portsOf(type, written).includes('error'))
        expect(ending.error).toBe(reason);
      expect(events).toEqual([]);
    });

    it('ends promptly when it is aborted while it waits, and says nothing more', async () => {
      const controller = new AbortController();
      const reason = new Error('cancelled');
      world.stall();
      try {
        let isOver = false;
        const running = run(controller.signal).finally(() => (isOver = true));
        await settledDown();
        const waited = !isOver;
        controller.abort(reason);
        const { ending, events } = await promptly(running);
        if (waited) expect(ending).toEqual({ error: reason });
        const count = events.length;
        world.release();
        await settledDown();
        expect(events).toHaveLength(count);
      } finally {
        world.release();
      }
    });

    /** Runs the type on values that nobody may change; changing one throws. Fails on any error that is no problem. */
    async function run(
      signal = new AbortController().signal,
    ): Promise<{ ending: Ending; events: readonly NodeEvent[] }> {
      const context = nodeContext({
        run: frozen({ id: 'r', workspaceId: WORKSPACE, userId: WORKSPACE }),
        input: scope.input,
        scope,
        messages: MESSAGES,
        branches: BRANCHES,
        waits: world.waits(signal),
        bodies: world.bodies(signal),
        signal,
      });
      const config = frozen(type.config.parse(resolved));
      const ending = await type.executor.execute({ ...context, config } as NodeContext<unknown>).then(
        (result): Ending => ({ result }),
        (error: unknown): Ending => ({ error }),
      );
      if (ending.error !== undefined && ending.error !== signal.reason && !(ending.error instanceof Problem))
        throw ending.error as Error;
      return { ending, events: context.events };
    }
  });
}

const WORKSPACE = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
const MESSAGES = frozen([{ role: 'user', content: 'Hello, how are you?' }] as const);
const BRANCHES = frozen({ left: { status: 'succeeded', output: { text: 'a' } } } as const);
const SCOPE = {
  variables: { text: 'some text', list: ['a', 'b'] },
  nodes: { before: { output: { text: 'some text' } } },
  user: { id: WORKSPACE },
};

const portsOf = ({ ports }: RegisteredNodeType, config: Members): readonly string[] =>
  typeof ports === 'function' ? ports(config) : ports;

/** The configuration with its references resolved, as the engine does it. */
function configFor({ raw = [] }: RegisteredNodeType, written: Members, scope: NodeContext<unknown>['scope']): Members {
  const members = Object.entries(written).map(([name, value]) => [
    name,
    raw.includes(name) ? value : resolveReferences(value, scope),
  ]);
  return frozen(Object.fromEntries(members) as Members);
}

/** An input in which everything that the example names is of a kind that its schema takes; text when none is. */
function inputFor(type: RegisteredNodeType, written: Members): Members {
  const names = [...JSON.stringify(written).matchAll(/\{\{input\.(\w+)/g)].map(([, name]) => name ?? '');
  const inputs = ['some text', ['a', 'b'], 2, { a: 1 }].map((value) =>
    Object.fromEntries(names.map((name) => [name, value])),
  );
  const fitting = inputs.find((input) => type.config.safeParse(configFor(type, written, { ...SCOPE, input })).success);
  return fitting ?? inputs[0] ?? {};
}

async function promptly<Result>(work: Promise<Result>): Promise<Result> {
  const timer = new AbortController();
  const late = sleep(PROMPTLY_MS, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`It went on for ${PROMPTLY_MS} ms after it was aborted.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    timer.abort();
  }
}

/** Time for what goes on by itself to show. */
const settledDown = (): Promise<void> => sleep(30);

function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

/** The value as JSON can hold it, but for members that are undefined: those may be left out. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUndefined(member)]));
}
