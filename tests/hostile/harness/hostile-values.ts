// Arguments as an attacker chooses them, and as careless callers do.
import * as names from "../../../ts/generated/options.ts";
import { tensor } from "../../../ts/tensor/create.ts";
import type { Dtype, TypedArray } from "../../../ts/tensor/dtype.ts";
import { sizeOf } from "../../../ts/tensor/shape.ts";
import { type AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import type { Random } from "./random.ts";

const dtypes: readonly Dtype[] = ["f32", "f32", "f32", "i32", "bool", "u8"];
const specialFloats = [0, -0, 1, -1, 1e-40, -1e-45, 3e38, -3e38, Number.NaN, Number.POSITIVE_INFINITY, -2.5, 1e-7];
const specialIntegers = [0, 1, -1, 2, 5, 2 ** 31 - 1, -(2 ** 31), 1000];

const plainValues: readonly (() => unknown)[] = [
  ...[undefined, null, true, false, Number.NaN, -1, -0, 0, 1, 2, 3, 1.5, 0.1, -3].map((value) => () => value),
  ...[2 ** 31, 2 ** 31 - 1, 2 ** 32, 2 ** 53, -(2 ** 31), 1e300, Number.POSITIVE_INFINITY].map((value) => () => value),
  ...["", "same", "valid", "relu", "nonsense", "f32", "float32", "__proto__", "constructor", "1"].map(
    (value) => () => value,
  ),
  ...[[], [0], [1, 2], [-1], [2 ** 31], [1.5], [Number.NaN], ["a"], [null], [[1], [2, 3]], [2, 3, 4, 5]].map(
    (value) => () => value,
  ),
  () => ({}),
  () => new Date(0),
  () => new Map(),
  () => 3n,
  () => () => 1,
  () => new Float32Array(3),
  () => new Int32Array([1, -1]),
  () => new BigInt64Array(2),
  () => new ArrayBuffer(8),
];

/** A shape of few numbers, some of them with none. */
export function smallShape(random: Random, rank = random.whole(0, 5)): number[] {
  return Array.from({ length: rank }, () => (random.chance(0.06) ? 0 : random.whole(1, 5)));
}

/** Numbers of a dtype, special ones among them. */
export function valuesOf(random: Random, dtype: Dtype, count: number, special = 0.2): TypedArray {
  const one = (): number => {
    if (dtype === "bool") return random.whole(0, 1);
    if (dtype === "u8") return random.whole(0, 255);
    if (dtype === "i32") return random.chance(special) ? random.pick(specialIntegers) : random.whole(-2, 6);
    return random.chance(special) ? random.pick(specialFloats) : random.between(-3, 3);
  };
  const numbers = Array.from({ length: count }, one);
  return dtype === "f32"
    ? Float32Array.from(numbers)
    : dtype === "i32"
      ? Int32Array.from(numbers)
      : Uint8Array.from(numbers);
}

export function randomTensor(random: Random, rank?: number): AnyTensor {
  const dtype = random.pick(dtypes);
  const shape = smallShape(random, rank);
  return tensor(valuesOf(random, dtype, sizeOf(shape), random.chance(0.5) ? 0.2 : 0), { shape, dtype });
}

const words = (list: names.Names): string[] =>
  list.flatMap((part) => (typeof part === "string" ? part.split(" ") : words(part)));

/** The names of all kinds of options. */
const optionNames: readonly string[][] = Object.values(names).map((list) => words(list as names.Names));

/** Options of some kind with any values; `known` are those that the function has, if that is known. */
export function randomOptions(random: Random, known?: readonly string[]): Record<string, unknown> {
  const list = known ?? random.pick(optionNames);
  const chosen = random.shuffled(list).slice(0, random.whole(0, 3));
  return Object.fromEntries(chosen.map((name) => [name, anyValue(random)]));
}

/** Any value, tensors more often. */
export function anyValue(random: Random): unknown {
  if (random.chance(0.35)) return randomTensor(random);
  if (random.chance(0.08)) return disposed(random);
  if (random.chance(0.1)) return [randomTensor(random), randomTensor(random)];
  return random.pick(plainValues)();
}

function disposed(random: Random): AnyTensor {
  const x = randomTensor(random);
  x.dispose();
  return x;
}

/** A value in few words. */
export function textOf(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  if (value instanceof Tensor) {
    const numbers = value.disposed ? "disposed" : Array.from(value.data()).slice(0, 12).join(" ");
    return `${value.dtype}[${value.shape}](${numbers})`;
  }
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  if (Object.getPrototypeOf(value) !== Object.prototype) return `a ${value.constructor.name}`;
  return `{ ${Object.entries(value)
    .map(([name, one]) => `${name}: ${textOf(one)}`)
    .join(", ")} }`;
}
