// Floats spread over all magnitudes, and errors in units of the last place.

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** Every `step`-th float from `low` to `high`, which are of one sign or 0. */
export function floats(low: number, high: number, step: number): Float32Array {
  const [from, to] = [low, high]
    .map((x) => {
      float[0] = Math.abs(x);
      return bits[0];
    })
    .sort((a, b) => a - b);
  const xs = new Float32Array(Math.floor((to - from) / step) + 1);
  new Int32Array(xs.buffer).forEach((_, i, words) => {
    words[i] = (from + i * step) | (low < 0 ? -(2 ** 31) : 0);
  });
  return xs;
}

/** The error in units of the last place that the exact value has in f32. */
export function ulp(value: number, exact: number): number {
  const rounded = Math.fround(exact);
  if (Object.is(value, rounded) || value === rounded) return 0;
  const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(exact))), -126) - 23);
  return Math.abs(value - exact) / unit;
}
