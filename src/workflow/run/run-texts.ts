import { messageId } from './run-memory.js';

type Path = readonly string[];

/** A message that a node has begun, and its first event. */
interface BegunMessage {
  readonly messageKey: string;
  readonly fromSeq: number;
}

/** What models of a run have said that is not void. */
export class RunTexts {
  private readonly texts = new Map<string, string>();
  /** Of nodes that run now, by path. */
  private readonly begun = new Map<string, readonly BegunMessage[]>();

  /** @param message its id over the whole run */
  add(message: string, content: string): void {
    this.texts.set(message, `${this.texts.get(message) ?? ''}${content}`);
  }

  say(path: Path, messageKey: string, content: string): void {
    this.add(messageId(path, messageKey), content);
  }

  begin(path: Path, messageKey: string, fromSeq: number): void {
    const node = path.join('/');
    const messages = this.begun.get(node) ?? [];
    if (!messages.some((message) => message.messageKey === messageKey))
      this.begun.set(node, [...messages, { messageKey, fromSeq }]);
  }

  /** The node has ended: its messages stay. */
  end(path: Path): void {
    this.begun.delete(path.join('/'));
  }

  /** One message is void. */
  drop(path: Path, messageKey: string): void {
    this.texts.delete(messageId(path, messageKey));
  }

  /** All that a node has said is void; answers the messages. */
  dropAll(path: Path): readonly BegunMessage[] {
    const messages = this.begun.get(path.join('/')) ?? [];
    for (const { messageKey } of messages) this.drop(path, messageKey);
    this.end(path);
    return messages;
  }

  /** All that was said below a path. */
  below(path: Path): readonly string[] {
    const prefix = path.map((name) => `${name}/`).join('');
    return [...this.texts].flatMap(([message, text]) => (message.startsWith(prefix) ? [text] : []));
  }
}
