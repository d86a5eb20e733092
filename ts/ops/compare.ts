// Comparisons, logic, selection and conversion, element by element, with NumPy's broadcasting.
import { defineElementwise, type Op, requireTensor } from "../autograd/op.ts";
import { textOf } from "../runtime/arguments.ts";
import { bitsOf } from "../runtime/encoding.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { launch } from "../runtime/launch.ts";
import { type Dtype, requireDtype } from "../tensor/dtype.ts";
import { broadcastShapes, type Shape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, alias, empty, Tensor } from "../tensor/tensor.ts";
import { toOperand } from "./broadcast.ts";
import { type Comparison, launchPair, type Numeric, sharedDtype, type TensorLike } from "./lower/launch-binary.ts";
import { copyBroadcast } from "./lower/strided-copy.ts";

export type { Comparison } from "./lower/launch-binary.ts";

type ComparisonKernel = "equal" | "not_equal" | "less" | "less_equal";

/** A comparison by one kernel, u8 and bool as i32; with the operands swapped where it `swaps`. */
/* @__NO_SIDE_EFFECTS__ */
function comparison(operation: string, kernel: ComparisonKernel, swaps = false): Comparison {
  return defineElementwise(operation, {
    forward<D extends Dtype>(a: TensorLike<D>, b: TensorLike<D>): Tensor<"bool"> {
      const [left, right] = (swaps ? [b, a] : [a, b]).map((x) =>
        x instanceof Tensor && x.dtype !== "f32" ? cast(x, "i32") : x,
      );
      return launchPair(operation, kernel, left, right, 0.3, ["f32", "i32"], "bool");
    },
  });
}

/**
 * a == b; bool. u8 and bool compare as integers.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError for f32 beside another dtype.
 */
export const equal: Comparison = comparison("equal", "equal");

/**
 * a != b; bool. u8 and bool compare as integers.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError for f32 beside another dtype.
 */
export const notEqual: Comparison = comparison("notEqual", "not_equal");

/**
 * a < b; bool. u8 and bool compare as integers.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError for f32 beside another dtype.
 */
export const less: Comparison = comparison("less", "less");

/**
 * a <= b; bool. u8 and bool compare as integers.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError for f32 beside another dtype.
 */
export const lessEqual: Comparison = comparison("lessEqual", "less_equal");

/**
 * a > b; bool. u8 and bool compare as integers.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError for f32 beside another dtype.
 */
export const greater: Comparison = comparison("greater", "less", true);

/**
 * a >= b; bool. u8 and bool compare as integers.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError for f32 beside another dtype.
 */
export const greaterEqual: Comparison = comparison("greaterEqual", "less_equal", true);

/** x broadcast to the shape; x itself if it has it. */
function spread<D extends Dtype>(x: Tensor<D>, shape: Shape): Tensor<D> {
  return sameShape(x.shape, shape) ? x : copyBroadcast("where", x, shape);
}

function requireBool(operation: string, what: string, x: unknown): asserts x is Tensor<"bool"> {
  requireTensor(operation, what, x);
  requireDtype(operation, what, x.dtype, "bool");
}

/* @__NO_SIDE_EFFECTS__ */
function connective(
  operation: string,
  kernel: "logical_and_u8" | "logical_or_u8" | "logical_xor_u8",
): Op<(a: Tensor<"bool">, b: Tensor<"bool">) => Tensor<"bool">> {
  return defineElementwise<(a: Tensor<"bool">, b: Tensor<"bool">) => Tensor<"bool">>(operation, {
    forward(a, b) {
      requireBool(operation, "a", a);
      requireBool(operation, "b", b);
      const shape = broadcastShapes(operation, a.shape, b.shape);
      const y = empty(shape, "bool");
      launch(kernel, y.size, 0.1, y, spread(a, shape), spread(b, shape));
      return y;
    },
  });
}

/**
 * a and b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are bool.
 */
export const logicalAnd: Op<(a: Tensor<"bool">, b: Tensor<"bool">) => Tensor<"bool">> = connective(
  "logicalAnd",
  "logical_and_u8",
);

/**
 * a or b.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are bool.
 */
export const logicalOr: Op<(a: Tensor<"bool">, b: Tensor<"bool">) => Tensor<"bool">> = connective(
  "logicalOr",
  "logical_or_u8",
);

/**
 * Either a or b, not both.
 * Shapes: a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless both are bool.
 */
export const logicalXor: Op<(a: Tensor<"bool">, b: Tensor<"bool">) => Tensor<"bool">> = connective(
  "logicalXor",
  "logical_xor_u8",
);

/** Not x. Shapes: `[...]` -> the same. Errors: DtypeError unless x is bool. */
export const logicalNot: Op<(x: Tensor<"bool">) => Tensor<"bool">> = defineElementwise("logicalNot", {
  forward(x) {
    requireBool("logicalNot", "x", x);
    const y = empty(x.shape, "bool");
    launch("logical_not_u8", y.size, 0.1, y, x);
    return y;
  },
});

/**
 * a where the condition holds, else b.
 * Shapes: condition, a, b -> their broadcast shape.
 * Errors: ShapeError unless the shapes broadcast; DtypeError unless condition is bool and a and b both f32 or both i32.
 */
export const where: Op<
  <D extends Numeric = "f32">(condition: Tensor<"bool">, a: TensorLike<D>, b: TensorLike<D>) => Tensor<D>
> = defineElementwise("where", {
  forward<D extends Numeric = "f32">(condition: Tensor<"bool">, a: TensorLike<D>, b: TensorLike<D>): Tensor<D> {
    requireBool("where", "condition", condition);
    const dtype = sharedDtype("where", ["f32", "i32"], a, b) as D;
    let shape = condition.shape;
    for (const x of [a, b]) if (typeof x !== "number") shape = broadcastShapes("where", shape, x.shape);
    const y = empty(shape, dtype);
    const tensorOf = (x: TensorLike<D>): Tensor | undefined =>
      typeof x === "number" ? undefined : (spread(x, shape) as AnyTensor as Tensor);
    const bits = (x: TensorLike<D>): number => (typeof x !== "number" ? 0 : dtype === "f32" ? bitsOf(x) : x);
    const target = y as AnyTensor as Tensor;
    launch("where_u32", y.size, 0.4, target, spread(condition, shape), tensorOf(a), tensorOf(b), bits(a), bits(b));
    return y;
  },
  gradients: [
    undefined,
    (dy, _y, condition, a) => toOperand(where(condition, dy, 0), a),
    (dy, _y, condition, _a, b) => toOperand(where(condition, 0, dy), b),
  ],
});

const conversions = {
  f32: { i32: "cast_f32_i32", u8: "cast_f32_u8" },
  i32: { f32: "cast_i32_f32", u8: "cast_i32_u8" },
  u8: { f32: "cast_u8_f32", i32: "cast_u8_i32" },
  bool: { f32: "cast_u8_f32", i32: "cast_u8_i32" },
} as const;

/**
 * x converted to another dtype. f32 to integers truncates, clamps to the dtype's range, and makes NaN 0; bool is x
 * != 0. Only f32 to f32 has a gradient.
 * Shapes: `[...]` -> the same.
 * Errors: ArgumentError for an unknown dtype.
 */
export const cast: Op<<D extends Dtype>(x: AnyTensor, dtype: D) => Tensor<D>> = defineElementwise("cast", {
  forward<D extends Dtype>(x: AnyTensor, dtype: D): Tensor<D> {
    requireTensor("cast", "x", x);
    const known = Object.keys(conversions);
    if (!known.includes(dtype)) {
      throw new ArgumentError(`cast: dtype must be one of ${known.join(", ")}, got ${textOf(dtype)}`);
    }
    if (x.dtype === dtype) return alias(x as Tensor<D>);
    if (dtype === "bool") return notEqual(x, 0) as AnyTensor as Tensor<D>;
    if (x.dtype === "bool" && dtype === "u8") {
      // The same bytes.
      x.buffer.references++;
      return new Tensor(x.buffer, x.shape, dtype);
    }
    const y = empty(x.shape, dtype);
    const to = dtype as Exclude<Dtype, "bool">;
    // The table, not the compiler, knows which dtypes go with which kernel.
    const kernel = conversions[x.dtype][to as keyof (typeof conversions)[Dtype]] as "cast_i32_f32";
    launch(kernel, y.size, 0.3, y as AnyTensor as Tensor, x as Tensor<"i32">);
    return y;
  },
  gradients: [(dy, y, x) => (x.dtype === y.dtype ? dy : undefined)],
});
