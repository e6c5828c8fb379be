import { problemType } from '../../../platform/problem/problem.js';

export const expressionInvalid = problemType({
  slug: 'expression-invalid',
  status: 422,
  title: 'Expression not understood',
  explanation:
    'The calculator knows decimal numbers, + - * / % ^ and parentheses, nested at most 100 deep. The detail names the position, counted from 1, at which it stopped understanding.',
});

export const calculationImpossible = problemType({
  slug: 'calculation-impossible',
  status: 422,
  title: 'Calculation impossible',
  explanation:
    'The expression is well formed, but has no result that can be written down: it divides by zero, has an exponent that is no whole number from -10,000 to 10,000, or comes to more than 1,000 digits.',
});
