import type { Answer, SignedIn, TestApp } from './app.js';

/** Lets every member of the user's personal workspace call tools, as its owner would. */
export async function granted(
  { call }: Pick<TestApp, 'call'>,
  as: Pick<SignedIn, 'headers'>,
  ...subjects: readonly ({ readonly tool: string } | { readonly pattern: string })[]
): Promise<void> {
  for (const subject of subjects) {
    const answer: Answer = await call('POST', '/tools/grants', {
      as,
      body: { role: 'viewer', level: 'execute', ...subject },
    });
    if (answer.status !== 201) throw new Error(`Not granted: ${JSON.stringify(answer.body)}`);
  }
}
