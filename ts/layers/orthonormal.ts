// Random orthonormal vectors as a product of reflections, which needs no factorization, only matrix products.
import { add, div, maximum, mul, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { less, where } from "../ops/compare.ts";
import { diagonal, triu } from "../ops/diagonal.ts";
import { sqrt, square } from "../ops/elementwise.ts";
import { concat, reshape, slice } from "../ops/layout.ts";
import { solveTriangular } from "../ops/linalg.ts";
import { matmul } from "../ops/matmul.ts";
import { eye, zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Reflections that are applied at a time. */
const BLOCK = 128;

/**
 * Orthonormal rows [count, length], count <= length, from as many normally distributed numbers: with the distribution of
 * Q' where x' = Q R and R's diagonal is positive, which favours no direction. Reflection k takes what is right of the
 * diagonal in row k of x to that diagonal. Stewart, "The efficient generation of random orthogonal matrices" (1980).
 */
export function orthonormalRows(x: Tensor): Tensor {
  const [count, length] = x.shape;
  const upper = triu(x);
  const signs = where(less(diagonal(x), 0), -1, 1);
  const shift = mul(signs, sqrt(sum(square(upper), 1)));
  const along = reshape(shift, [count, 1]) as Tensor;
  const axes = add(upper, mul(eye(count, length), along));
  const mirrors = div(axes, sqrt(maximum(sum(square(axes), 1, true), 1e-30)));
  let y = zeros([0, length - count]);
  for (let begin = BLOCK * Math.floor((count - 1) / BLOCK); begin >= 0; begin -= BLOCK) {
    const inner = y;
    y = scope(() => {
      const block = Math.min(BLOCK, count - begin);
      return reflected(inner, slice(mirrors, [begin, begin], [block, -1]) as Tensor);
    });
    inner.dispose();
  }
  return mul(y, reshape(mul(signs, -1), [count, 1]) as Tensor);
}

/**
 * The rows of the matrix that holds y at its lower right and else the identity, reflected by one row of v after the other,
 * the last first: z (I - v' s^-1 v)' (Puglisi 1992).
 */
function reflected(y: Tensor, v: Tensor): Tensor {
  const [block, length] = v.shape;
  const right = slice(v, [0, block]) as Tensor;
  // v z'
  const product = concat([slice(v, 0, [block, block]) as Tensor, matmul(right, y, { transposeB: true })], 1);
  // What v v' has above the diagonal, and half of what it has there.
  const s = mul(triu(matmul(v, v, { transposeB: true })), sub(1, mul(eye(block), 0.5)));
  const z = concat([eye(block, length), concat([zeros([y.shape[0], block]), y], 1)]);
  return sub(z, matmul(solveTriangular(s, product), v, { transposeA: true }));
}
