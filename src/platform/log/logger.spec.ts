import { jest } from '@jest/globals';
import { createLogger, NestLogger } from './logger.js';

const hide = <Value>(value: Value): Value =>
  JSON.parse(JSON.stringify(value).replaceAll('canary', '[hidden]')) as Value;

describe('a log line', () => {
  it('shows nothing of what is to be hidden: in messages, fields, stacks and arguments', () => {
    const lines: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const logger = createLogger('trace', hide, { write: (line) => lines.push(line) });
    const nest = new NestLogger(logger);
    const error = new Error('canary in a message');
    nest.log('canary', 'Room');
    nest.error('failed: canary', error.stack, 'Room');
    nest.warn(`canary ${String(error)}`);
    logger.info({ nested: { deep: ['canary'] }, error }, 'said %s', 'canary');
    logger.error(error);
    write.mockRestore();
    expect(lines).toHaveLength(5);
    expect(lines.join('')).not.toContain('canary');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual(
      lines.map(() => expect.objectContaining({ time: expect.any(String) })),
    );
  });
});
