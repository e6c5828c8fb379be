import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { ReportedExporter } from './reported-exporter.js';

describe('an exporter whose losses are told', () => {
  afterEach(() => jest.restoreAllMocks());

  it('warns once a minute at most, and reports every result', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    let isAway = true;
    const exporter: SpanExporter = {
      export: (_, report) => report(isAway ? { code: 1, error: new Error('Away.') } : { code: 0 }),
      shutdown: async () => undefined,
    };
    const reported = new ReportedExporter(exporter);
    const codes: number[] = [];
    const send = (): void => reported.export([{}, {}] as ReadableSpan[], ({ code }) => codes.push(code));
    send();
    send();
    isAway = false;
    send();
    expect(codes).toEqual([1, 1, 0]);
    expect(warn.mock.calls).toEqual([['2 spans could not be sent: Away.']]);
  });
});
