import { AsyncLocalStorageProviderSingleton as provider, _CONTEXT_VARIABLES_KEY } from '@langchain/core/singletons';
import { getEnvironmentVariable } from '@langchain/core/utils/env';

const CHILD_CONFIG = Symbol.for('lc:child_config');

/** What LangChain reads to decide whether to trace. */
const TRACING = ['LANGSMITH_TRACING_V2', 'LANGCHAIN_TRACING_V2', 'LANGSMITH_TRACING', 'LANGCHAIN_TRACING'];

type RunWithConfig = typeof provider.runWithConfig;

/**
 * Spares each node of a graph a LangSmith trace object that nobody reads: LangChain's context provider builds one for
 * every call even when tracing is off, about a third of the cost of a graph of trivial nodes. The replacement keeps
 * what the trace object carries for others: the child configuration and the context variables. It touches an internal
 * of the pinned `@langchain/core`; see docs/adr/0005. With tracing on nothing is installed, and calls with callbacks are
 * left as they are.
 */
export function installLeanContext(): void {
  if (TRACING.some((name) => getEnvironmentVariable(name) === 'true')) return;
  const original: RunWithConfig = provider.runWithConfig.bind(provider);
  provider.runWithConfig = (config, callback, avoidRootTrace) => {
    if (avoidRootTrace || hasCallbacks(config)) return original(config, callback, avoidRootTrace);
    const storage = provider.getInstance();
    const previous = storage.getStore() as Store | undefined;
    const store: Store = { extra: { [CHILD_CONFIG]: config } };
    if (previous?.[_CONTEXT_VARIABLES_KEY] !== undefined)
      store[_CONTEXT_VARIABLES_KEY] = previous[_CONTEXT_VARIABLES_KEY];
    return storage.run(store, callback);
  };
}

interface Store {
  extra?: Record<symbol, unknown>;
  [_CONTEXT_VARIABLES_KEY]?: unknown;
}

function hasCallbacks(config: unknown): boolean {
  const callbacks = (config as { readonly callbacks?: unknown } | undefined)?.callbacks;
  if (callbacks === undefined) return false;
  if (Array.isArray(callbacks)) return callbacks.length > 0;
  return ((callbacks as { readonly handlers?: readonly unknown[] }).handlers?.length ?? 1) > 0;
}
