import { describeChatModel } from './chat-model.contract.js';
import { ANTHROPIC, GOOGLE, OLLAMA, OPENAI, OPENAI_COMPATIBLE } from './wires.js';

for (const wire of [OPENAI, OPENAI_COMPATIBLE, ANTHROPIC, OLLAMA, GOOGLE]) describeChatModel(wire);
