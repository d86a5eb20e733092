// Launches of unary kernels: y = f(x), and dx = dy f'(x).
import { requireFloat } from "../../autograd/op.ts";
import type { Kernels } from "../../generated/kernels.ts";
import { requireType } from "../../runtime/arguments.ts";
import { ShapeError } from "../../runtime/errors.ts";
import { launch } from "../../runtime/launch.ts";
import type { Operand } from "../../runtime/operand.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { empty, type Tensor } from "../../tensor/tensor.ts";

type F32 = Operand<"f32">;
/** Kernels that begin with these operands; all else they take is numbers. */
type KernelOf<T extends F32[]> = {
  [K in keyof Kernels]: Kernels[K] extends [...T, ...number[]] ? K : never;
}[keyof Kernels];
/** Those numbers. */
type Numbers<K extends keyof Kernels, T extends F32[]> = Kernels[K] extends [...T, ...infer N] ? N : never;

/** y = f(x); `cost` is nanoseconds for an element, `numbers` what else the kernel takes. */
export function map<K extends KernelOf<[F32, F32]>>(
  operation: string,
  kernel: K,
  cost: number,
  x: Tensor,
  ...numbers: Numbers<K, [F32, F32]>
): Tensor {
  requireFloat(operation, "x", x);
  for (let i = 0; i < numbers.length; i++) requireType(operation, "what follows x", numbers[i], "number");
  const y = empty(x.shape);
  launch(kernel, y.size, cost, ...([y, x, ...numbers] as unknown as Kernels[K]));
  return y;
}

/** dx = dy f'(x), from x or from y = f(x). */
export function slope<K extends KernelOf<[F32, F32, F32]>>(
  kernel: K,
  cost: number,
  dy: Tensor,
  from: Tensor,
  ...numbers: Numbers<K, [F32, F32, F32]>
): Tensor {
  requireFloat(kernel, "dy", dy);
  requireFloat(kernel, "x or y", from);
  if (!sameShape(dy.shape, from.shape)) {
    throw new ShapeError(`${kernel}: dy must have the shape ${formatShape(from.shape)}, got ${formatShape(dy.shape)}`);
  }
  const dx = empty(dy.shape);
  launch(kernel, dx.size, cost, ...([dx, dy, from, ...numbers] as unknown as Kernels[K]));
  return dx;
}
