import { parseArgs } from 'node:util';

/** The command line of a peer. */
export interface PeerOptions {
  readonly port: number;
  /** Base address of the model server, with its version. */
  readonly modelUrl: string;
  /** Raw proxy: one write per upstream read instead of one per frame. */
  readonly batch: boolean;
  /** Of a peer with a database. */
  readonly dataDir: string;
}

export function peerOptions(): PeerOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4020' },
      'model-url': { type: 'string', default: 'http://127.0.0.1:4010/v1' },
      batch: { type: 'boolean', default: false },
      'data-dir': { type: 'string', default: '.data' },
    },
  });
  return { port: Number(values.port), modelUrl: values['model-url'], batch: values.batch, dataDir: values['data-dir'] };
}

export interface PeerRequest {
  readonly message: string;
  /** `provider:model`. */
  readonly model: string;
  readonly stream?: boolean;
}

/** The model's name without its provider. */
export function modelName({ model }: PeerRequest): string {
  return model.slice(model.indexOf(':') + 1);
}

export const EVENT_STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
};
