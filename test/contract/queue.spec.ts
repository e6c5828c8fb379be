import { describeQueue } from './queue.contract.js';
import { POSTGRES, REDIS } from './queue-stores.js';

for (const store of [POSTGRES, REDIS]) describeQueue(store);
