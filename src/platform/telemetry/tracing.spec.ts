import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { unavailable } from '../problem/http.errors.js';
import { GenAiTelemetry } from './gen-ai-telemetry.js';
import { Meters } from './meters.js';
import { TelemetryConfig } from './telemetry.config.js';
import { Tracing } from './tracing.js';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('Tracing', () => {
  const exporter = new InMemorySpanExporter();
  const tracing = new Tracing([new SimpleSpanProcessor({ exporter })]);
  const meters = new Meters();
  const telemetry = new GenAiTelemetry(tracing, meters);
  beforeEach(() => exporter.reset());
  afterAll(() => tracing.onApplicationShutdown());

  const ended = () => exporter.getFinishedSpans();

  it('puts spans inside of the one they begin in, across what is awaited', async () => {
    const outer = tracing.start('outer', { parent: PARENT });
    await tracing.within(outer, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      expect(tracing.traceparent).toBe(outer!.traceparent);
      tracing.start('inner')?.end();
    });
    expect(tracing.traceparent).toBeUndefined();
    outer?.end();
    const [inner, parent] = ended();
    expect(inner!.parentSpanContext?.spanId).toBe(parent!.spanContext().spanId);
    expect(parent!.parentSpanContext?.spanId).toBe(PARENT.split('-')[2]);
    expect([inner, parent].map((span) => span!.spanContext().traceId)).toEqual([
      PARENT.split('-')[1],
      PARENT.split('-')[1],
    ]);
  });

  it('keeps what goes on at once apart', async () => {
    await Promise.all(
      ['a', 'b', 'c'].map((name) => {
        const span = tracing.start(name, { parent: null });
        return tracing.within(span, async () => {
          await new Promise((resolve) => setImmediate(resolve));
          tracing.start(`${name} inner`)?.end();
          span?.end();
        });
      }),
    );
    for (const span of ended().filter(({ name }) => name.endsWith('inner'))) {
      const parent = ended().find((other) => other.spanContext().spanId === span.parentSpanContext?.spanId);
      expect(`${parent?.name} inner`).toBe(span.name);
    }
  });

  it('tells how calls of models and tools failed by the kind of problem, never in words', async () => {
    const call = telemetry.modelCall({ provider: 'google', model: 'gemini', temperature: 0.5 });
    call.end(unavailable('Secret words.'));
    await expect(
      telemetry.toolCall({ tool: 'clock', callId: 'c' }, async () => Promise.reject(new Error('Secret words.'))),
    ).rejects.toThrow('Secret words.');
    expect(ended().map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
      ['chat gemini', 'unavailable'],
      ['execute_tool clock', '_OTHER'],
    ]);
    expect(ended()[0]!.attributes).toMatchObject({
      'gen_ai.provider.name': 'gcp.gemini',
      'gen_ai.request.temperature': 0.5,
    });
    expect(JSON.stringify(ended().map(({ attributes, status, events }) => [attributes, status, events]))).not.toContain(
      'Secret',
    );
  });

  it('counts only so many models by their names', async () => {
    for (let index = 0; index < 300; index += 1) telemetry.modelCall({ provider: 'p', model: `m${index}` }).end();
    const text = await meters.registry.metrics();
    const models = new Set(Array.from(text.matchAll(/gen_ai_request_model="([^"]*)"/g), ([, model]) => model));
    expect(models.size).toBeLessThanOrEqual(101);
    expect(models.has('other')).toBe(true);
  });
});

describe('the settings of traces', () => {
  it('take headers as OpenTelemetry writes them', () => {
    const { headers } = new TelemetryConfig({ OTEL_EXPORTER_OTLP_HEADERS: 'a=1, Authorization=Basic%20eA==,b=%zz' });
    expect(headers).toEqual({ a: '1', Authorization: 'Basic eA==', b: '%zz' });
    expect(() => new TelemetryConfig({ OTEL_EXPORTER_OTLP_HEADERS: 'nonsense' })).toThrow();
    expect(() => new TelemetryConfig({ METRICS_TOKEN: 'short' })).toThrow();
  });
});
