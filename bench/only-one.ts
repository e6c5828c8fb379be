import { once } from 'node:events';
import { createServer } from 'node:net';

/** A name in Linux's abstract socket namespace: it goes with the process that holds it, however that ends. */
const NAME = '\0chatter-bench';

/** Two benchmarks at once would measure each other. @throws when another one runs on this machine */
export async function beTheOnlyOne(): Promise<void> {
  const holder = createServer().listen(NAME);
  try {
    await once(holder, 'listening');
  } catch (error) {
    throw new Error('Another benchmark runs on this machine; wait for its end.', { cause: error });
  }
  holder.unref();
}
