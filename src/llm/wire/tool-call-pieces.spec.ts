import type { ChatDelta } from '../chat-model.js';
import { ToolCallPieces } from './tool-call-pieces.js';

type Piece = readonly [slot: number | undefined, id: string | undefined, name: string | undefined, args: string];

describe('ToolCallPieces', () => {
  it.each<[string, readonly Piece[], readonly (readonly [string, string])[]]>([
    [
      'pieces by index',
      [
        [0, 'a', 'f', ''],
        [0, undefined, undefined, '{"x"'],
        [0, undefined, undefined, ':1}'],
      ],
      [['f', '{"x":1}']],
    ],
    [
      'interleaved calls',
      [
        [0, 'a', 'f', '{'],
        [1, 'b', 'g', '['],
        [0, undefined, undefined, '}'],
        [1, undefined, undefined, ']'],
      ],
      [
        ['f', '{}'],
        ['g', '[]'],
      ],
    ],
    [
      'indexes with gaps',
      [
        [2, 'a', 'f', '1'],
        [5, 'b', 'g', '2'],
      ],
      [
        ['f', '1'],
        ['g', '2'],
      ],
    ],
    [
      'one index for several calls',
      [
        [0, 'a', 'f', '1'],
        [0, 'b', 'g', '2'],
      ],
      [
        ['f', '1'],
        ['g', '2'],
      ],
    ],
    [
      'an id on each piece',
      [
        [0, 'a', 'f', '1'],
        [0, 'a', 'f', '2'],
      ],
      [['f', '12']],
    ],
    [
      'no index',
      [
        [undefined, 'a', 'f', '1'],
        [undefined, undefined, undefined, '2'],
        [undefined, 'b', 'g', '3'],
        [undefined, 'a', undefined, '4'],
      ],
      [
        ['f', '124'],
        ['g', '3'],
      ],
    ],
    [
      'no id',
      [
        [0, undefined, 'f', '1'],
        [1, '', 'g', '2'],
      ],
      [
        ['f', '1'],
        ['g', '2'],
      ],
    ],
    [
      'no arguments',
      [
        [0, 'a', 'f', ''],
        [1, 'b', 'g', ''],
      ],
      [
        ['f', '{}'],
        ['g', '{}'],
      ],
    ],
  ])('reads %s', (_, pieces, calls) => {
    expect(assembled(pieces).map(({ name, args }) => [name, args])).toEqual(calls);
  });

  it('gives every call an id of its own', () => {
    const ids = assembled([
      [0, undefined, 'f', ''],
      [1, undefined, 'f', ''],
    ]).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });
});

function assembled(pieces: readonly Piece[]) {
  const deltas: ChatDelta[] = [];
  const reader = new ToolCallPieces();
  for (const piece of pieces) reader.piece(...piece, deltas);
  reader.end(deltas);
  const calls: { id: string; name: string; args: string }[] = [];
  for (const delta of deltas) {
    if (delta.type !== 'toolCall') throw new Error('Not a tool call.');
    const call = calls[delta.index];
    if (call) call.args += delta.arguments;
    else calls.push({ id: delta.id ?? '', name: delta.name ?? '', args: delta.arguments });
  }
  return calls;
}
