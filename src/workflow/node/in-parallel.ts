import { atOnce } from './body/at-once.js';

const NEVER = new AbortController().signal;

/**
 * The results of `work` on each item, in the items' order, with at most `limit` at work at a time; begins none once one
 * has failed. @throws the first error of `work`, after those that run have ended
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  await atOnce(items.length, limit, NEVER, async (index) => {
    results[index] = await work(items[index] as Item, index);
  });
  return results;
}
