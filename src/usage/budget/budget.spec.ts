import fc from 'fast-check';
import { concerns, grantOf, isExhausted, isNearlyExhausted, type BudgetState, type Demand } from './budget.js';

const state = (parts: Partial<BudgetState> = {}): BudgetState => ({
  id: 'b',
  scope: 'workspace',
  subjectId: 'w',
  unit: 'tokens',
  limit: 1_000,
  period: 'day',
  used: 0,
  reserved: 0,
  resetsAt: null,
  isWarned: false,
  ...parts,
});

/** A dollar for a hundred tokens read, one for ten written. */
const priced = (inputTokens: number, outputTokens: number): Demand => ({
  inputTokens,
  outputTokens,
  costOf: (input, output) => input / 100 + output / 10,
});
const free = (inputTokens: number, outputTokens: number): Demand => ({ inputTokens, outputTokens, costOf: () => 0 });
const unpriced = (inputTokens: number, outputTokens: number): Demand => ({
  inputTokens,
  outputTokens,
  costOf: () => null,
});

describe('a budget', () => {
  const spender = { workspaceId: 'w', userId: 'u', workflow: 'plain' };

  it('concerns whom and what it names', () => {
    expect(concerns(state(), spender)).toBe(true);
    expect(concerns(state({ scope: 'user', subjectId: 'u' }), spender)).toBe(true);
    expect(concerns(state({ scope: 'user', subjectId: 'other' }), spender)).toBe(false);
    expect(concerns(state({ scope: 'workflow', subjectId: 'plain' }), spender)).toBe(true);
    expect(concerns(state({ scope: 'workflow', subjectId: 'rag' }), spender)).toBe(false);
    expect(concerns(state({ scope: 'model', subjectId: 'a:b' }), spender, 'a:b')).toBe(true);
    expect(concerns(state({ scope: 'model', subjectId: 'a:b' }), spender)).toBe(false);
  });

  it('is used up at its limit; one of runs when there is no whole run left', () => {
    expect([999, 1_000].map((used) => isExhausted(state({ used })))).toEqual([false, true]);
    expect([999, 1_000].map((used) => isExhausted(state({ unit: 'runs', used })))).toEqual([false, true]);
  });

  it('warns from 80 % on, unless it has', () => {
    expect([799, 800].map((used) => isNearlyExhausted(state({ used }), 0))).toEqual([false, true]);
    expect(isNearlyExhausted(state({ used: 700 }), 100)).toBe(true);
    expect(isNearlyExhausted(state({ used: 900, isWarned: true }), 0)).toBe(false);
  });
});

describe('what a call may come to', () => {
  it('is all that it asks for while there is room', () => {
    expect(grantOf([state(), state({ id: 'c', unit: 'cost', limit: 100 })], priced(100, 200))).toEqual({
      outputTokens: 200,
      possible: 200,
      amounts: [
        { budgetId: 'b', amount: 300 },
        { budgetId: 'c', amount: 21 },
      ],
      limiting: undefined,
    });
  });

  it('is what the tightest budget leaves', () => {
    const tight = state({ id: 'c', unit: 'cost', limit: 5 });
    expect(grantOf([state({ used: 800 }), tight], priced(100, 500))).toMatchObject({
      outputTokens: 40,
      limiting: tight,
    });
  });

  it('leaves out what other calls have reserved, and tells what there would be without them', () => {
    expect(grantOf([state({ used: 500, reserved: 400 })], free(50, 500))).toMatchObject({
      outputTokens: 50,
      possible: 450,
    });
  });

  it('is nothing when the question alone has no room', () => {
    expect(grantOf([state({ used: 950 })], free(50, 500))).toMatchObject({ outputTokens: 0, possible: 0, amounts: [] });
  });

  it('costs nothing where models are free or of unknown price, and no budget of runs bounds it', () => {
    const states = [state({ unit: 'cost', limit: 1 }), state({ unit: 'runs', limit: 1, used: 1 })];
    expect(grantOf(states, free(100, 500)).outputTokens).toBe(500);
    expect(grantOf(states, unpriced(100, 500)).outputTokens).toBe(500);
    expect(grantOf(states.slice(1), free(100, 500))).toMatchObject({ outputTokens: Infinity, amounts: [] });
  });

  it('never comes to more than any budget has left', () => {
    const amounts = fc.double({ min: 0, max: 10_000, noNaN: true });
    const anyState = fc.record({
      limit: fc.double({ min: 0.001, max: 10_000, noNaN: true }),
      used: amounts,
      reserved: amounts,
      unit: fc.constantFrom('tokens' as const, 'cost' as const),
    });
    fc.assert(
      fc.property(
        fc.array(anyState, { maxLength: 4 }),
        fc.nat(2_000),
        fc.integer({ min: 1, max: 2_000 }),
        (parts, input, output) => {
          const states = parts.map((part, index) => state({ ...part, id: String(index) }));
          const grant = grantOf(states, priced(input, output));
          expect(grant.outputTokens).toBeLessThanOrEqual(grant.possible);
          for (const { budgetId, amount } of grant.amounts) {
            const { limit, used, reserved } = states[Number(budgetId)]!;
            expect(used + reserved + amount).toBeLessThanOrEqual(limit + 1e-6);
          }
        },
      ),
    );
  });
});
