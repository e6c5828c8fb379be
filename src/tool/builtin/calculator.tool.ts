import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Tool, type ToolExecutor } from '../tool.js';
import { textOf } from './calculator/decimal.js';
import { evaluate } from './calculator/expression.js';

const Arguments = z.strictObject({
  expression: z
    .string()
    .min(1)
    .max(1_000)
    .describe('Numbers, + - * / % (remainder) ^ (power) and parentheses, such as "(19.99 * 3 + 4.5) * 1.19".'),
});

@Injectable()
@Tool({
  name: 'calculator',
  title: 'Calculator',
  description:
    'Calculates an arithmetic expression exactly, in decimals. Use it for every calculation instead of your own arithmetic.',
  arguments: Arguments,
  risk: 'low',
  effect: 'read',
})
export class CalculatorTool implements ToolExecutor<z.output<typeof Arguments>> {
  async call({ expression }: z.output<typeof Arguments>): Promise<{ readonly result: string }> {
    return { result: textOf(evaluate(expression)) };
  }
}
