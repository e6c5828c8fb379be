import { startApp } from '../support/app.js';
import { openStream } from '../support/sse.js';
it('probe', async () => {
  const chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', MODEL_MAX_RETRIES: '0' });
  const anna = await chatter.register();
  for (const message of ['[[fail:after=5]] Say exactly: one two three four five six', '[[fail:after=5]][[slow=1]] Say exactly: one two three four five six', '[[stall:after=5]] Say exactly: one two three four five six']) {
    const live = await openStream(`${chatter.url}/api/v1/chat`, { method: 'POST', headers: anna.headers, body: { message, limits: { runTimeoutMs: 500 } } });
    await live.ended;
    console.log(live.text);
  }
  await chatter.close();
});
