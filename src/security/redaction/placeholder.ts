/** Values that stand for a value: of templates, manuals, masks and types. */
const SHAPE =
  /^(?:<.*|\$\{.*|\{\{?.*|%\w+%|\[redacted.*|\*+|x+|\.+|-+|_+|•+|:\w+|\?+|(?:your|my|the|some|new|old|change|insert|enter|example)[_ -].*|changeme)$/is;

/** What prose and type annotations have behind a colon. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'null nil none undefined true false string str number boolean bool any unknown text varchar required optional must should ' +
    'shall may can cannot could will would not never empty missing invalid incorrect wrong expired changed reset hidden ' +
    'redacted masked hashed encrypted protected secret password token please use used see enter type confirm forgot at least ' +
    'minimum maximum between the this that these those it is was are be your our their his her and or for from with without ' +
    'about what when where which who why how too very strong weak short long same different stored sent valid default ' +
    'generated rotated revoked leaked known private public readonly promise object array function async await return ' +
    'const let var self buffer secretstr optional[str] textfield charfield'
  ).split(' '),
);

/** Whether a value tells nothing: what is asked for rather than what it is. */
export const isPlaceholder = (value: string): boolean =>
  SHAPE.test(value) || WORDS.has(value.toLowerCase()) || isSentence(value);

/** Three and more words that begin like an instruction. */
const isSentence = (value: string): boolean => {
  const [first = '', ...rest] = value.split(/\s+/, 4);
  return rest.length >= 2 && WORDS.has(first.toLowerCase());
};
