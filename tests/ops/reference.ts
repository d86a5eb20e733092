// Naive float64 arrays: what the ops are compared with.

/** A dense row-major array of float64 numbers. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** An array whose element at each index is `f(index)`. */
export function fromIndices(shape: readonly number[], f: (index: number[]) => number): NdArray {
  const data = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = f(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, data };
}

/** The element at an index, with NumPy's broadcasting from the right. */
export function at(x: NdArray, index: readonly number[]): number {
  let offset = 0;
  const skipped = index.length - x.shape.length;
  for (let axis = 0; axis < x.shape.length; axis++) {
    offset = offset * x.shape[axis] + (x.shape[axis] === 1 ? 0 : index[axis + skipped]);
  }
  return x.data[offset];
}

/** f of every element. */
export function map(x: NdArray, f: (value: number) => number): NdArray {
  return { shape: x.shape, data: x.data.map(f) };
}

/** Numbers from a linear congruential generator, evenly spread over [low, high): the same in every run. */
export function numbers(count: number, low: number, high: number, seed = 1): Float64Array {
  let state = (seed * 2654435761) >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(low + ((high - low) * state) / 2 ** 32);
  });
}
