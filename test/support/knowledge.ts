import type { Answer, SignedIn, TestApp } from './app.js';
import { eventually } from './eventually.js';

/** What a test reads of JSON. */
type Json = ReturnType<typeof JSON.parse>;

/** The documents of one user at one server. */
export interface Library {
  /** Sends a file. */
  upload(
    name: string,
    bytes: Buffer | string,
    fields?: Readonly<Record<string, string>>,
    headers?: object,
  ): Promise<Answer>;
  /** Adds a text; answers its document once it is ready. */
  add(title: string, content: string, more?: object): Promise<Json>;
  /** The document once it is ready or has failed. */
  done(id: string): Promise<Json>;
  search(query: string, more?: object): Promise<readonly Json[]>;
}

export function libraryOf({ url, call }: Pick<TestApp, 'url' | 'call'>, as: Pick<SignedIn, 'headers'>): Library {
  const done: Library['done'] = (id) =>
    eventually(
      async () => {
        const { body } = await call('GET', `/documents/${id}`, { as });
        return ['ready', 'failed'].includes(body.status) ? body : undefined;
      },
      { withinMs: 50_000, what: `the end of document ${id}` },
    );
  return {
    done,
    upload: async (name, bytes, fields = {}, headers = {}) => {
      const form = new FormData();
      for (const [field, value] of Object.entries(fields)) form.append(field, value);
      form.append('file', new Blob([Buffer.from(bytes as string)]), name);
      const response = await fetch(`${url}/api/v1/documents`, {
        method: 'POST',
        headers: { ...as.headers, ...headers },
        body: form,
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    add: async (title, content, more = {}) => {
      const { status, body } = await call('POST', '/documents', { as, body: { title, content, ...more } });
      if (status !== 202) throw new Error(`Answered ${status}: ${JSON.stringify(body)}`);
      return done(body.id);
    },
    search: async (query, more = {}) => {
      const { status, body } = await call('POST', '/documents/search', { as, body: { query, ...more } });
      if (status !== 200) throw new Error(`Answered ${status}: ${JSON.stringify(body)}`);
      return body.items;
    },
  };
}
