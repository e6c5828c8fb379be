import type { Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Retrieval } from '../../src/knowledge/retrieval.js';
import { PluginRegistry } from '../../src/platform/plugin/plugin.registry.js';

/** The search in documents with the given retrievers and no database. */
export async function knowledgeRoom(retrievers: readonly Type[]) {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [PluginRegistry, Retrieval, ...retrievers],
  }).compile();
  module.useLogger(false);
  await module.init();
  return {
    retrieval: module.get(Retrieval),
    retriever: <Plugin>(type: Type<Plugin>): Plugin => module.get(type),
  };
}
