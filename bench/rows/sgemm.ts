// How fast is a large matrix product? Two square f32 operands, resident where the library allows it; the product is
// read back.
import type { Question } from "../harness/question.ts";

export const sgemm: Question[] = [960, 512].map((size) => ({
  name: `sgemm-${size}`,
  work: `f32 matrix product ${size} x ${size} x ${size}`,
  unit: "GFLOP/s",
  better: "more",
  task: "sgemm",
  options: { size },
  peers: ["tfjs-wasm", "onnxruntime-web", "jax-js", "pytorch"],
  figure: ({ amount, seconds }) => amount / seconds,
  verify: (check) => Math.abs(check - element(size)) < 1e-3,
}));

/** The element [1, 1] of the product of the operands in bench/peers/inputs.js. */
function element(size: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) {
    const a = (((size + k) * 31) % 101) - 50;
    const b = (((k * size + 1) * 17) % 97) - 48;
    sum += (a / 50) * (b / 48);
  }
  return sum;
}
