import { errandRoom } from './errands.js';

/** A process that does errands until it is killed. Its environment is the JSON in its first argument. */
await errandRoom(JSON.parse(process.argv[2] ?? '{}') as Record<string, string>);
process.stdout.write('ready\n');
