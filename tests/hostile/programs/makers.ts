// Makers of ops: each looks for operands among a program's values, or adds leaves that fit, and chooses options.
import * as ops from "../../../ts/ops/public.ts";
import type { Dtype } from "../../../ts/tensor/dtype.ts";
import { formatShape } from "../../../ts/tensor/shape.ts";
import type { AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import type { Random } from "../harness/random.ts";
import { networkMakers } from "./network-makers.ts";
import type { Draft, Op } from "./program.ts";

export type Maker = (draft: Draft) => Op | undefined;

/** The ops by name. */
export const library = { ...ops };

type Values = readonly AnyTensor[];

export const isFloat = (x: AnyTensor): boolean => x.dtype === "f32";

/** An op of one f32 value. */
function unary(name: string, f: (x: Tensor, random: Random) => [string, (x: Tensor) => AnyTensor] | undefined): Maker {
  return (draft) => {
    const i = draft.find((x) => isFloat(x) && x.size > 0);
    const made = i === undefined ? undefined : f(draft.values[i] as Tensor, draft.random);
    if (i === undefined || made === undefined) return undefined;
    const [options, apply] = made;
    return { text: `${name}(${i}${options})`, apply: (values) => apply(values[i] as Tensor) };
  };
}

const plain = [
  ...[
    "neg",
    "abs",
    "sign",
    "floor",
    "ceil",
    "round",
    "trunc",
    "sqrt",
    "square",
    "reciprocal",
    "rsqrt",
    "exp",
    "log",
    "log1p",
  ],
  ...[
    "sin",
    "cos",
    "erf",
    "sigmoid",
    "tanh",
    "relu",
    "softplus",
    "silu",
    "gelu",
    "leakyRelu",
    "elu",
    "tan",
    "atan",
    "sinh",
  ],
  ...["cosh", "asinh", "expm1", "erfc", "isNaN", "isFinite"],
] as const;

const elementwise: Maker[] = plain.map((name) =>
  unary(name, () => ["", (x) => (library[name] as (x: Tensor) => AnyTensor)(x)]),
);

const binaries = ["add", "sub", "mul", "div", "maximum", "minimum", "pow", "mod", "floorDivide"] as const;
const comparisons = ["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"] as const;

/** A shape that broadcasts with this one: axes of one number, leading axes left out. */
function broadcastable(shape: readonly number[], random: Random): number[] {
  const some = shape.map((length) => (random.chance(0.3) ? 1 : length));
  return some.slice(random.chance(0.5) ? 0 : random.whole(0, some.length));
}

/** Another operand for x: a value of its shape, a leaf that broadcasts, or a number. */
function partner(draft: Draft, x: AnyTensor): [string, (values: Values) => Tensor | number] {
  const { random } = draft;
  if (random.chance(0.2)) {
    const number = Math.fround(random.between(-2, 2));
    return [number.toFixed(3), () => number];
  }
  const same = draft.find((y) => isFloat(y) && formatShape(y.shape) === formatShape(x.shape));
  const j = same !== undefined && random.chance(0.6) ? same : draft.leaf(broadcastable(x.shape, random));
  return [String(j), (values) => values[j] as Tensor];
}

const binary =
  (name: (typeof binaries)[number] | (typeof comparisons)[number]): Maker =>
  (draft) => {
    const i = draft.find(isFloat);
    if (i === undefined) return undefined;
    const [text, other] = partner(draft, draft.values[i]);
    const f = library[name] as (a: Tensor | number, b: Tensor | number) => AnyTensor;
    if (draft.random.chance(0.3)) {
      return { text: `${name}(${text}, ${i})`, apply: (values) => f(other(values), values[i] as Tensor) };
    }
    return { text: `${name}(${i}, ${text})`, apply: (values) => f(values[i] as Tensor, other(values)) };
  };

const where: Maker = (draft) => {
  const i = draft.find(isFloat);
  if (i === undefined) return undefined;
  const x = draft.values[i];
  const known = draft.find((c) => c.dtype === "bool" && formatShape(c.shape) === formatShape(x.shape));
  const c = known ?? draft.leaf(broadcastable(x.shape, draft.random), { dtype: "bool" });
  const [text, other] = partner(draft, x);
  return {
    text: `where(${c}, ${i}, ${text})`,
    apply: (values) => ops.where(values[c] as Tensor<"bool">, values[i] as Tensor, other(values)),
  };
};

const cast: Maker = (draft) => {
  const i = draft.find((x) => x.dtype !== "f32");
  if (i === undefined) return undefined;
  const dtype: Dtype = draft.random.pick(["f32", "f32", "i32", "bool"]);
  return { text: `cast(${i}, ${dtype})`, apply: (values) => ops.cast(values[i], dtype) as AnyTensor };
};

const reductions = ["sum", "mean", "prod", "max", "min", "logSumExp"] as const;

function someAxes(x: Tensor, random: Random): number[] | undefined {
  if (random.chance(0.2)) return undefined;
  const axes = x.shape.flatMap((_, axis) => (random.chance(0.5) ? [random.chance(0.3) ? axis - x.rank : axis] : []));
  return axes.length > 0 ? axes : undefined;
}

const reducing: Maker[] = [
  ...reductions.map((name) =>
    unary(name, (x, random) => {
      const [axes, keepDims] = [someAxes(x, random), random.chance(0.4)];
      return [`, ${axes ? formatShape(axes) : "all"}, ${keepDims}`, (x) => library[name](x, axes, keepDims)];
    }),
  ),
  ...(["variance", "std"] as const).map((name) =>
    unary(name, (x, random) => {
      const axes = someAxes(x, random);
      return [`, ${axes ? formatShape(axes) : "all"}`, (x) => library[name](x, axes)];
    }),
  ),
  ...(["argMax", "argMin", "softmax", "logSoftmax", "cumsum", "cumprod", "cumMax", "sort", "argsort"] as const).map(
    (name) =>
      unary(name, (x, random) => {
        if (x.rank === 0) return undefined;
        const axis = random.whole(-x.rank, x.rank - 1);
        return [`, ${axis}`, (x) => (library[name] as (x: Tensor, axis: number) => AnyTensor)(x, axis)];
      }),
  ),
  unary("topK", (x, random) => {
    if (x.rank === 0) return undefined;
    const k = random.whole(1, x.shape[x.rank - 1]);
    return [`, ${k}`, (x) => ops.topK(x, k).values];
  }),
  unary("median", (x, random) => {
    const axis = x.rank === 0 ? undefined : [random.whole(0, x.rank - 1)];
    return [`, ${axis}`, (x) => ops.median(x, axis)];
  }),
];

function factors(size: number, random: Random): number[] {
  const shape: number[] = [];
  let rest = size;
  while (rest > 1 && shape.length < 3) {
    const divisors = Array.from({ length: Math.min(rest, 64) }, (_, i) => i + 1).filter((d) => rest % d === 0);
    const divisor = random.pick(divisors);
    shape.push(divisor);
    rest /= divisor;
  }
  return [...shape, rest];
}

const layout: Maker[] = [
  unary("reshape", (x, random) => {
    const shape = factors(x.size, random);
    return [`, ${formatShape(shape)}`, (x) => ops.reshape(x, shape)];
  }),
  unary("transpose", (x, random) => {
    const perm = random.shuffled(x.shape.map((_, axis) => axis));
    return [`, ${formatShape(perm)}`, (x) => ops.transpose(x, perm)];
  }),
  unary("slice", (x, random) => {
    const begin = x.shape.map((length) => random.whole(0, length - 1));
    const size = x.shape.map((length, axis) => random.whole(1, length - begin[axis]));
    return [`, ${formatShape(begin)}, ${formatShape(size)}`, (x) => ops.slice(x, begin, size)];
  }),
  unary("pad", (x, random) => {
    const widths = x.shape.map((): [number, number] => [random.whole(0, 2), random.whole(0, 2)]);
    return [`, ${JSON.stringify(widths)}`, (x) => ops.pad(x, widths)];
  }),
  unary("flip", (x, random) => {
    const axes = someAxes(x, random);
    return [`, ${axes}`, (x) => ops.flip(x, axes)];
  }),
  unary("tile", (x, random) => {
    const repeats = x.shape.map(() => random.whole(1, 3));
    return [`, ${formatShape(repeats)}`, (x) => ops.tile(x, repeats)];
  }),
  unary("roll", (x, random) => {
    if (x.rank === 0) return undefined;
    const [shift, axis] = [random.whole(-5, 5), random.whole(0, x.rank - 1)];
    return [`, ${shift}, ${axis}`, (x) => ops.roll(x, shift, axis)];
  }),
  unary("broadcastTo", (x, random) => {
    const shape = [random.whole(1, 3), ...x.shape.map((length) => (length === 1 ? random.whole(1, 4) : length))];
    return [`, ${formatShape(shape)}`, (x) => ops.broadcastTo(x, shape)];
  }),
  unary("split", (x, random) => {
    if (x.rank === 0) return undefined;
    const axis = random.whole(0, x.rank - 1);
    const first = random.whole(0, x.shape[axis]);
    const parts = [first, x.shape[axis] - first];
    const part = random.whole(0, 1);
    return [`, ${formatShape(parts)}, ${axis}`, (x) => ops.split(x, parts, axis)[part]];
  }),
  (draft) => {
    const i = draft.find((x) => isFloat(x) && x.rank > 0);
    if (i === undefined) return undefined;
    const { shape } = draft.values[i];
    const axis = draft.random.whole(0, shape.length - 1);
    const j = draft.leaf(shape.map((length, at) => (at === axis ? draft.random.whole(1, 4) : length)));
    const order = draft.random.chance(0.5) ? [i, j] : [j, i];
    return {
      text: `concat([${order}], ${axis})`,
      apply: (values) =>
        ops.concat(
          order.map((k) => values[k] as Tensor),
          axis,
        ),
    };
  },
  (draft) => {
    const i = draft.find((x) => isFloat(x) && x.rank > 0 && x.size > 0);
    if (i === undefined) return undefined;
    const { shape } = draft.values[i];
    const axis = draft.random.whole(0, shape.length - 1);
    const count = draft.random.whole(1, 9);
    const j = draft.leaf([count], { dtype: "i32", high: shape[axis] });
    return {
      text: `gather(${i}, ${j}, ${axis})`,
      apply: (values) => ops.gather(values[i] as Tensor, values[j] as Tensor<"i32">, axis),
    };
  },
];

const drawn: Maker[] = [
  unary("dropout", (_, random) => {
    const rate = random.pick([0, 0.1, 0.5]);
    return [`, ${rate}`, (x) => ops.dropout(x, rate)];
  }),
  unary("randomNormal", (x) => ["'s shape", (y) => ops.mul(y, ops.randomNormal(x.shape))]),
  unary("randomUniform", (x) => ["'s shape", (y) => ops.add(y, ops.randomUniform(x.shape))]),
];

/** All makers; families of many alike stand for as much as they should be seen. */
export const makers: readonly Maker[] = [
  ...elementwise,
  ...[...binaries, ...binaries, ...comparisons].map(binary),
  ...[where, where, cast, cast, cast, cast],
  ...reducing,
  ...layout,
  ...drawn,
  ...networkMakers,
  ...networkMakers,
];
