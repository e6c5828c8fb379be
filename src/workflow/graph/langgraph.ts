import { installLeanContext } from './lean-context.js';

installLeanContext();

/** The engine's only door to LangGraph; node types import from here. Loaded on first compile: it takes a second. */
export { Annotation, END, START, StateGraph } from '@langchain/langgraph';
export type { LangGraphRunnableConfig } from '@langchain/langgraph';
