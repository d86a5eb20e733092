// Rows for ts/ops/einsum.ts.
import * as ops from "../../../ts/ops/einsum.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, type NdArray } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

/** The sum over all indices that the output does not name of the products of the operands. Letters only. */
function summation(subscripts: string, operands: readonly NdArray[]): NdArray {
  const [left, output] = subscripts.split("->");
  const parts = left.split(",");
  const sizes = new Map<string, number>();
  parts.forEach((part, i) => {
    [...part].forEach((letter, axis) => {
      sizes.set(letter, Math.max(sizes.get(letter) ?? 0, operands[i].shape[axis]));
      if (operands[i].shape[axis] === 0) sizes.set(letter, 0);
    });
  });
  const letters = [...sizes.keys()].filter((letter) => !output.includes(letter));
  const shapeOf = (list: readonly string[]): number[] => list.map((letter) => sizes.get(letter) as number);
  return fromIndices(shapeOf([...output]), (outer) => {
    const value = new Map([...output].map((letter, i) => [letter, outer[i]]));
    let total = 0;
    fromIndices(shapeOf(letters), (inner) => {
      for (const [i, letter] of letters.entries()) value.set(letter, inner[i]);
      const factors = operands.map((x, i) =>
        at(
          x,
          [...parts[i]].map((letter) => value.get(letter) as number),
        ),
      );
      total += factors.reduce((a, b) => a * b, 1);
      return 0;
    });
    return total;
  });
}

/** Subscripts, the operands' shapes, and the same in letters where they are not that already. */
const sums: [subscripts: string, shapes: number[][], letters?: string][] = [
  [
    "ij,jk->ik",
    [
      [3, 4],
      [4, 5],
    ],
  ],
  [
    "ij,jk",
    [
      [3, 4],
      [4, 5],
    ],
    "ij,jk->ik",
  ],
  [
    "ba,cb",
    [
      [3, 4],
      [5, 3],
    ],
    "ba,cb->ac",
  ],
  [
    "ij,kj->ik",
    [
      [3, 4],
      [5, 4],
    ],
  ],
  [
    "ji,jk->ki",
    [
      [4, 3],
      [4, 5],
    ],
  ],
  [
    "bij,bjk->bik",
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
  ],
  [
    "bhqd,bhkd->bhqk",
    [
      [2, 2, 3, 4],
      [2, 2, 5, 4],
    ],
  ],
  [
    "bqhd,bkhd->bhqk",
    [
      [2, 3, 2, 4],
      [2, 5, 2, 4],
    ],
  ],
  [
    "bhqk,bkhd->bqhd",
    [
      [2, 2, 3, 4],
      [2, 4, 2, 5],
    ],
  ],
  ["i,i->", [[7], [7]]],
  ["i,j->ij", [[3], [4]]],
  [
    "ij,ij->ij",
    [
      [3, 4],
      [3, 4],
    ],
  ],
  ["ij,i->ji", [[3, 4], [3]]],
  ["ij->ji", [[3, 4]]],
  ["ij->", [[3, 4]]],
  ["ij->j", [[3, 4]]],
  ["ii->i", [[4, 4]]],
  ["ii", [[4, 4]], "ii->"],
  ["iii->i", [[3, 3, 3]]],
  ["iji->j", [[3, 2, 3]]],
  [
    "ijj,jk->ik",
    [
      [2, 3, 3],
      [3, 2],
    ],
  ],
  [
    "ij,jk,kl->il",
    [
      [2, 3],
      [3, 4],
      [4, 2],
    ],
  ],
  [
    "ij,jk,kl,lm->mi",
    [
      [2, 3],
      [3, 2],
      [2, 3],
      [3, 2],
    ],
  ],
  ["a,ab,abc->abc", [[2], [2, 3], [2, 3, 4]]],
  ["i,j,k->", [[2], [3], [4]]],
  [
    "...ij,...jk->...ik",
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    "aij,ajk->aik",
  ],
  [
    "...ij,jk",
    [
      [2, 2, 3, 4],
      [4, 5],
    ],
    "abij,jk->abik",
  ],
  [
    "...ij,...jk",
    [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
    "abij,bjk->abik",
  ],
  [
    "i...,i...->...",
    [
      [3, 2, 4],
      [3, 2, 4],
    ],
    "iab,iab->ab",
  ],
  ["...", [[2, 3]], "ab->ab"],
  ["i...->...i", [[2, 3, 4]], "iab->abi"],
  [
    "ij,jk->ik",
    [
      [3, 1],
      [4, 5],
    ],
  ],
  [
    "ij,ij->ij",
    [
      [3, 1],
      [3, 4],
    ],
  ],
  [
    "Ab , bC -> C A",
    [
      [2, 3],
      [3, 4],
    ],
    "Ab,bC->CA",
  ],
  [
    "ij,jk->ik",
    [
      [3, 0],
      [0, 2],
    ],
  ],
  [
    "ij,jk->ik",
    [
      [0, 3],
      [3, 2],
    ],
  ],
];

const matrices = [
  [3, 4],
  [4, 5],
];

export const einsumCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  einsum: sums.map(([subscripts, shapes, letters]) =>
    row({
      name: `${subscripts} of ${shapes.map((shape) => `[${shape}]`).join(", ")}`,
      inputs: shapes.map((shape) => ({ shape })),
      run: (...xs: Tensor[]) => ops.einsum(subscripts, ...xs),
      reference: (...xs) => summation(letters ?? subscripts, xs),
      second: shapes.length > 1 && !shapes.flat().includes(0),
    }),
  ),
  tensordot: [
    row({
      name: "two axes",
      inputs: [{ shape: [2, 3, 4] }, { shape: [3, 4, 5] }],
      run: (a: Tensor, b: Tensor) => ops.tensordot(a, b),
      reference: (a, b) => summation("ijk,jkl->il", [a, b]),
    }),
    row({
      name: "pairs of axes",
      inputs: [{ shape: [2, 3, 4] }, { shape: [4, 5, 2] }],
      run: (a: Tensor, b: Tensor) =>
        ops.tensordot(a, b, [
          [0, -1],
          [2, 0],
        ]),
      reference: (a, b) => summation("ijk,kli->jl", [a, b]),
    }),
    row({
      name: "no axes",
      inputs: [{ shape: [2, 3] }, { shape: [4] }],
      run: (a: Tensor, b: Tensor) => ops.tensordot(a, b, 0),
      reference: (a, b) => summation("ij,k->ijk", [a, b]),
    }),
  ],
  dot: [
    row({
      name: "vectors",
      inputs: [{ shape: [5] }, { shape: [5] }],
      run: (a: Tensor, b: Tensor) => ops.dot(a, b),
      reference: (a, b) => summation("i,i->", [a, b]),
    }),
    row({
      name: "matrices",
      inputs: matrices.map((shape) => ({ shape })),
      run: (a: Tensor, b: Tensor) => ops.dot(a, b),
      reference: (a, b) => summation("ij,jk->ik", [a, b]),
    }),
    row({
      name: "of more axes",
      inputs: [{ shape: [2, 3, 4] }, { shape: [2, 4, 3] }],
      run: (a: Tensor, b: Tensor) => ops.dot(a, b),
      reference: (a, b) => summation("ijk,lkm->ijlm", [a, b]),
    }),
    row({
      name: "with a number",
      inputs: [{ shape: [] }, { shape: [4] }],
      run: (a: Tensor, b: Tensor) => ops.dot(a, b),
      reference: (a, b) => summation(",i->i", [a, b]),
    }),
  ],
  vdot: [
    row({
      inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
      run: (a: Tensor, b: Tensor) => ops.vdot(a, b),
      reference: (a, b) => summation("ij,ij->", [a, b]),
    }),
  ],
  outer: [
    row({
      inputs: [{ shape: [3] }, { shape: [2, 2] }],
      run: (a: Tensor, b: Tensor) => ops.outer(a, b),
      reference: (a, b) => summation("i,j->ij", [a, { shape: [4], data: b.data }]),
    }),
  ],
};
