import { setImmediate } from 'node:timers/promises';
import type { Request, Response } from 'express';
import { isId } from '../clock/id.js';
import { currentRequest, requestContext, type RequestContext } from './request-context.js';

describe('the context of a request', () => {
  const opened = (headers: Readonly<Record<string, string>>) => {
    const answered: Record<string, string> = {};
    let context: RequestContext | undefined;
    requestContext(
      { headers } as unknown as Request,
      { setHeader: (name: string, value: string) => (answered[name] = value) } as unknown as Response,
      () => {
        context = currentRequest();
      },
    );
    return { context: context!, answered };
  };

  it('is absent outside of a request', () => {
    expect(currentRequest()).toBeUndefined();
  });

  it('has new ids, different for every request, and tells the client its own', () => {
    const [first, second] = [opened({}), opened({})];
    expect(isId(first.context.requestId)).toBe(true);
    expect(first.context.traceId).toMatch(/^[\da-f]{32}$/);
    expect(first.context.traceId).not.toBe(second.context.traceId);
    expect(first.answered).toEqual({ 'X-Request-Id': first.context.requestId });
  });

  it("takes the caller's request id and trace", () => {
    const { context, answered } = opened({
      'x-request-id': 'call-7.a:b',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    });
    expect(context).toEqual({ requestId: 'call-7.a:b', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
    expect(answered).toEqual({ 'X-Request-Id': 'call-7.a:b' });
  });

  it.each(['', 'a b', 'a\r\nSet-Cookie: x', '<script>', 'x'.repeat(129)])(
    'does not repeat the request id %p',
    (given) => {
      expect(isId(opened({ 'x-request-id': given }).context.requestId)).toBe(true);
    },
  );

  it.each([
    '',
    '4bf92f3577b34da6a3ce929d0e0e4736',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01',
  ])('makes a trace of its own when traceparent is %p', (traceparent) => {
    const { traceId } = opened({ traceparent }).context;
    expect(traceId).toMatch(/^[\da-f]{32}$/);
    expect(traceparent.toLowerCase()).not.toContain(traceId);
  });

  it('stays with the request over asynchronous work', async () => {
    const later = await new Promise<RequestContext | undefined>((resolve) => {
      const respond = { setHeader: () => undefined } as unknown as Response;
      requestContext({ headers: { 'x-request-id': 'one' } } as unknown as Request, respond, () => {
        void setImmediate().then(() => resolve(currentRequest()));
      });
    });
    expect(later?.requestId).toBe('one');
    expect(currentRequest()).toBeUndefined();
  });
});
