const REPEAT = /^\s*(?:please\s+)?(?:repeat(?:\s+after\s+me)?(?:\s+(\d{1,6})\s+times)?|say\s+exactly)\s*:\s*/i;

/** Longest repetition, in characters. */
const MAX_LENGTH = 200_000;

/** What "repeat: ..." or "repeat 3 times: ..." asks for; undefined when the message asks for nothing of the kind. */
export function repetition(message: string): string | undefined {
  const match = REPEAT.exec(message);
  if (!match) return undefined;
  const text = message.slice(match[0].length).trim();
  if (text === '') return undefined;
  const times = Math.max(1, Math.min(Number(match[1] ?? 1), Math.floor(MAX_LENGTH / (text.length + 1))));
  return Array.from({ length: times }, () => text).join(' ');
}
