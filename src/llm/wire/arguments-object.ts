/** Tool arguments as an object, as some providers require: a model's malformed text is kept under `arguments`. */
export function argumentsObject(text: string): object {
  try {
    const parsed: unknown = JSON.parse(text === '' ? '{}' : text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch {
    // Malformed: shown to the model as it wrote it.
  }
  return { arguments: text };
}
