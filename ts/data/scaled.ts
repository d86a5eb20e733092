// Bytes that stand for f32, read as `byte * scale` by a kernel. It does not depend on where the bytes come from.
import { launch } from "../runtime/launch.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

/** About the nanoseconds that one number takes. */
const COST = 0.3;

/** x * scale in f64, rounded once to f32: the values that ArrayData reads. */
export function scaled(x: Tensor<"u8">, scale: number): Tensor {
  const y = empty(x.shape, "f32");
  const [low, high] = new Int32Array(Float64Array.of(scale).buffer);
  launch("scale_u8_f32", y.size, COST, y, x, low, high);
  return y;
}
