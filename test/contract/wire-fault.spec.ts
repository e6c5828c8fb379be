import { describeWireFaults } from './wire-fault.contract.js';
import { ANTHROPIC, OLLAMA, OPENAI } from './wires.js';

for (const wire of [OPENAI, ANTHROPIC, OLLAMA]) describeWireFaults(wire);
