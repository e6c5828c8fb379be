import type { Answer, RequestParts, SignedIn, TestApp } from './app.js';
import { eventually } from './eventually.js';

export interface TestNode {
  readonly id: string;
  readonly type: string;
  readonly config?: object;
  readonly [member: string]: unknown;
}

/** A graph; a list of ids is a line of edges through them. */
export const graph = (
  nodes: readonly TestNode[],
  edges: readonly (readonly string[] | object)[] = [nodes.map(({ id }) => id)],
  more: object = {},
) => ({
  kind: 'graph',
  nodes: nodes.map((node) => ({ config: {}, ...node })),
  edges: edges.flatMap((edge) =>
    Array.isArray(edge) ? edge.slice(1).map((to: string, index) => ({ from: edge[index] as string, to })) : [edge],
  ),
  ...more,
});

/** A model that says exactly this; directives may stand before it. */
export const says = (id: string, text: string, directives = ''): TestNode => ({
  id,
  type: 'model',
  config: { prompt: `${directives}Say exactly: ${text}`, output: id },
});

/** What users do with runs of definitions, over HTTP. */
export function workflowRoom(chatter: TestApp) {
  const call = (method: string, path: string, as: SignedIn, parts: RequestParts = {}): Promise<Answer> =>
    chatter.call(method, path, { as, ...parts });
  const read = async (path: string, as: SignedIn) => (await call('GET', path, as)).body;
  return {
    read,
    run: (as: SignedIn, definition: object, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
      call('POST', '/runs', as, { body: { definition, ...more }, headers }),
    /** A run in the background, once it stands so. */
    until: async (as: SignedIn, id: string, ...statuses: readonly string[]) =>
      eventually(
        async () => {
          const run = await read(`/runs/${id}`, as);
          return statuses.includes(run.status as string) && run;
        },
        { what: `run ${id} to be ${statuses.join(' or ')}` },
      ),
    act: async (as: SignedIn, id: string, what: string, body?: object, headers?: Record<string, string>) =>
      call('POST', `/runs/${id}/${what}`, as, { body, headers }),
    steps: async (as: SignedIn, id: string): Promise<readonly ReturnType<typeof JSON.parse>[]> =>
      (await read(`/runs/${id}/steps?limit=100`, as)).items,
    events: async (as: SignedIn, id: string): Promise<readonly ReturnType<typeof JSON.parse>[]> =>
      (await read(`/runs/${id}/events?limit=100`, as)).items,
    /** What a run waits for. */
    pending: async (as: SignedIn, runId: string) =>
      eventually(async () => {
        const { items } = await read(`/approvals?status=pending&runId=${runId}`, as);
        return items.length > 0 && items;
      }),
    decide: async (as: SignedIn, id: string, body: object): Promise<Answer> =>
      call('POST', `/approvals/${id}/decision`, as, { body }),
  };
}
