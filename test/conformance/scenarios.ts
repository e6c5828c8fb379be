/** The server scenarios of the installed `@modelcontextprotocol/conformance` that apply to us. */
export const APPLICABLE = [
  'dns-rebinding-protection',
  'json-schema-2020-12',
  'ping',
  'server-initialize',
  'server-sse-multiple-streams',
  'tools-call-error',
  'tools-call-simple-text',
  'tools-list',
] as const;

const NO_RESOURCES = 'Resources are not offered, nor is their capability.';
const NO_PROMPTS = 'Prompts are not offered, nor is their capability.';
const JSON_RESULTS = 'Results of tools are JSON values; they hold no media and no resources.';
const NO_SESSION = 'The server keeps no session, so it asks the client nothing while a tool runs.';

/** Those that do not apply, and why. */
export const NOT_APPLICABLE: Readonly<Record<string, string>> = {
  'completion-complete': 'There are no prompts and resource templates to complete arguments of.',
  'elicitation-sep1034-defaults': NO_SESSION,
  'elicitation-sep1330-enums': NO_SESSION,
  'logging-set-level': 'The server sends no log messages, nor offers the capability.',
  'prompts-get-embedded-resource': NO_PROMPTS,
  'prompts-get-simple': NO_PROMPTS,
  'prompts-get-with-args': NO_PROMPTS,
  'prompts-get-with-image': NO_PROMPTS,
  'prompts-list': NO_PROMPTS,
  'resources-list': NO_RESOURCES,
  'resources-read-binary': NO_RESOURCES,
  'resources-read-text': NO_RESOURCES,
  'resources-subscribe': NO_RESOURCES,
  'resources-templates-read': NO_RESOURCES,
  'resources-unsubscribe': NO_RESOURCES,
  'server-sse-polling': 'An answer that was cut is asked for again; its stream is not resumed.',
  'tools-call-audio': JSON_RESULTS,
  'tools-call-elicitation': NO_SESSION,
  'tools-call-embedded-resource': JSON_RESULTS,
  'tools-call-image': JSON_RESULTS,
  'tools-call-mixed-content': JSON_RESULTS,
  'tools-call-sampling': NO_SESSION,
  'tools-call-with-logging': 'The server sends no log messages, nor offers the capability.',
  'tools-call-with-progress': 'Tools report no steps of their own; a client hears every five seconds that one works.',
};
