import './typescript.js';

/** Jest calls it once, in its own process, after the last suite. */
export default async function tearDown() {
  const { stopTestServer } = await import('./test-server.js');
  await stopTestServer();
}
