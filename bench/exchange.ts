import type { Dispatcher } from 'undici';
import { AnswerReader } from './answer-reader.ts';
import type { LoadMeter } from './load-meter.ts';
import { runFault, type ChatInterface } from './load-target.ts';
import type { WorkflowJob } from './workflow-job.ts';

/** One kind of request, as every client of a load repeats it. */
export interface Call {
  readonly dispatcher: Dispatcher;
  readonly request: Dispatcher.DispatchOptions;
  readonly meter: LoadMeter;
}

export interface ChatCall extends Call {
  readonly chat: ChatInterface;
  /** The whole text of a right answer. */
  readonly expected: string;
}

export interface RunCall extends Call {
  readonly job: WorkflowJob;
}

const SHOWN_CHARACTERS = 300;

/** One request for a JSON answer. Answers whether it was right; never throws. */
export function jsonExchange(call: ChatCall): Promise<boolean> {
  const pieces: Buffer[] = [];
  return exchange(call, {
    data: (chunk) => pieces.push(chunk),
    fault: () => {
      const text = call.chat.answer(Buffer.concat(pieces).toString());
      call.meter.text(text.length);
      return text === call.expected ? undefined : `answered ${JSON.stringify(text)}`;
    },
  });
}

/** One run of a workflow, answered at its end. Answers whether it was right; never throws. */
export function runExchange(call: RunCall): Promise<boolean> {
  const pieces: Buffer[] = [];
  return exchange(call, {
    data: (chunk) => pieces.push(chunk),
    fault: () => runFault(call.job, Buffer.concat(pieces).toString()),
  });
}

/** One request for a streamed answer. Answers whether it was right; never throws. */
export function streamExchange(call: ChatCall): Promise<boolean> {
  const { meter, chat, expected } = call;
  const reader = new AnswerReader(chat.frame);
  const startedAt = performance.now();
  let lastTextAt = 0;
  return exchange(call, {
    data: (chunk) => {
      const characters = reader.feed(chunk);
      if (characters === 0) return;
      const now = performance.now();
      if (lastTextAt === 0) meter.firstText(now - startedAt);
      else meter.furtherText(now - lastTextAt);
      lastTextAt = now;
      meter.text(characters);
    },
    fault: () => {
      if (reader.error !== undefined) throw new Error(reader.error);
      if (!reader.ended || !reader.done) return `stream ended early after ${reader.text.length} characters`;
      return reader.text === expected ? undefined : `streamed ${JSON.stringify(reader.text)}`;
    },
  });
}

interface AnswerSink {
  data(chunk: Buffer): void;
  /** What is wrong with the answer that ended. @throws when it is a failure or unreadable */
  fault(): string | undefined;
}

function exchange({ dispatcher, request, meter }: Call, sink: AnswerSink): Promise<boolean> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    let status = 0;
    let refusal = '';
    const fail = (reason: string) => {
      meter.failed(shown(reason));
      resolve(false);
    };
    const finish = () => {
      if (status !== 200) throw new Error(`status ${status}: ${refusal}`);
      const fault = sink.fault();
      if (fault === undefined) meter.answered(performance.now() - startedAt);
      else meter.mismatched(shown(fault));
      resolve(fault === undefined);
    };
    dispatcher.dispatch(request, {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => {
        status = statusCode;
      },
      onResponseData: (_controller, chunk) => {
        if (status === 200) sink.data(chunk);
        else refusal += chunk.toString('latin1');
      },
      onResponseEnd: () => {
        try {
          finish();
        } catch (error) {
          fail(String(error));
        }
      },
      onResponseError: (_controller, error) => fail(String(error)),
    });
  });
}

function shown(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
