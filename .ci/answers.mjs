// Whether the server behind a URL can be used by the tests: exit status 0 or 1, and one line that says why.
// usage: node .ci/answers.mjs <postgres://... | redis://...>
import { connect } from 'node:net';
import pg from 'pg';

const PATIENCE_MS = 3000;
const url = new URL(process.argv[2]);

async function postgres() {
  const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: PATIENCE_MS });
  try {
    await client.connect();
    const { rows } = await client.query(
      `SELECT current_setting('server_version_num')::int / 10000 AS major,
              has_database_privilege(current_database(), 'CREATE') AS creates`,
    );
    const [{ major, creates }] = rows;
    if (major < 15) throw new Error(`version ${major} is older than 15`);
    if (!creates) throw new Error('schemas cannot be created');
    return `PostgreSQL ${major}`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function redis() {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port: Number(url.port || 6379), timeout: PATIENCE_MS });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.once('data', (data) => {
      socket.destroy();
      if (data.toString().startsWith('+PONG')) resolve('Redis');
      else reject(new Error(`PING was answered by ${data.toString().trim()}`));
    });
  });
}

try {
  console.log(`${url.host}: ${await (url.protocol === 'redis:' ? redis() : postgres())} answers.`);
} catch (error) {
  console.log(`${url.host}: not used by the tests (${error.message || error.code}).`);
  process.exitCode = 1;
}
