// What the op table does not say of order, counting and contraction: results whose size follows from values, bad input,
// captured steps, rows of all lengths.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { grad } from "../../ts/autograd/grad.ts";
import * as ops from "../../ts/ops/public.ts";
import { ArgumentError, DtypeError, ShapeError, StateError } from "../../ts/runtime/errors.ts";
import { ones, tensor, zeros } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { numbers } from "./reference.ts";

const integers = (...values: number[]): Tensor<"i32"> => tensor(Int32Array.from(values));
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

describe("unique", () => {
  it("hands the gradient of a value to the first that has it", () => {
    const gradient = grad((x: Tensor) => ops.sum(ops.mul(ops.unique(x).values, tensor([10, 20]))))(
      tensor([3, 1, 3, 1]),
    );
    expect([...gradient.data()]).toEqual([20, 10, 0, 0]);
  });

  it("gives distinct values, where they stand and how often", () => {
    const { values, inverse, counts } = ops.unique(
      tensor([
        [2, -1, 2],
        [nan, 0, nan],
      ]),
    );
    expect([...values.data()]).toEqual([-1, 0, 2, nan]);
    expect(inverse.array()).toEqual([
      [2, 0, 2],
      [3, 1, 3],
    ]);
    expect([...counts.data()]).toEqual([1, 1, 2, 2]);
  });

  it.each([
    ["i32", integers(3, -7, 3, 3), [-7, 3], [1, 3]],
    ["u8", tensor(Uint8Array.of(200, 7, 7)), [7, 200], [2, 1]],
    ["bool", tensor([true, true]), [1], [2]],
    ["f32", zeros([0]), [], []],
  ] as const)("knows %s", (dtype, x, values, counts) => {
    const found = ops.unique(x as Tensor);
    expect(found.values.dtype).toBe(dtype);
    expect([...found.values.data()]).toEqual(values);
    expect([...found.counts.data()]).toEqual(counts);
  });

  it("refuses to read values inside a captured step", () => {
    const step = capture((x: Tensor) => ops.unique(x).values);
    expect(() => step(ones([3]))).toThrow(StateError);
    expect(() => step(ones([3]))).toThrow("unique: no values may be read");
  });
});

describe("topK", () => {
  it("gives values and indices, the first of equal ones first, NaN as the largest", () => {
    const { values, indices } = ops.topK(tensor([1, 3, nan, 3, 2]), 4);
    expect([...values.data()]).toEqual([nan, 3, 3, 2]);
    expect([...indices.data()]).toEqual([2, 1, 3, 4]);
    expect(indices.dtype).toBe("i32");
  });

  it("gives the gradient to what it took", () => {
    const x = tensor([
      [1, 5, 3],
      [6, 4, 2],
    ]);
    const dx = grad((v: Tensor) => ops.sum(ops.topK(v, 2).values))(x) as Tensor;
    expect(dx.array()).toEqual([
      [0, 1, 1],
      [1, 1, 0],
    ]);
  });

  it("takes the same whether it inserts or sorts", () => {
    const x = tensor(numbers(2000, -1, 1), { shape: [2, 1000] });
    const many = ops.topK(x, 300).indices;
    const few = ops.topK(x, 30).indices;
    expect(few.array()).toEqual(ops.slice(many, [0, 0], [2, 30]).array());
  });
});

describe("argsort", () => {
  it("is stable and right for rows of any length, by insertion and by radix", () => {
    for (const length of [1, 2, 47, 48, 49, 50, 257, 5000]) {
      const values = numbers(length, -9, 9, length).map(Math.round);
      const order = ops.argsort(tensor(values)).data();
      const expected = Array.from(values, (_, i) => i).sort((i, j) => values[i] - values[j] || i - j);
      expect([...order]).toEqual(expected);
    }
  });
});

describe("histogram and bincount", () => {
  it("find their own range", () => {
    const { counts, edges } = ops.histogram(tensor([1, 2, 2.5, 5, infinity, nan]), { bins: 4 });
    expect([...edges.data()]).toEqual([1, 2, 3, 4, 5]);
    expect([...counts.data()]).toEqual([1, 2, 0, 1]);
    expect([...ops.histogram(tensor([3, 3]), { bins: 2 }).edges.data()]).toEqual([2.5, 3, 3.5]);
    expect([...ops.bincount(integers(1, 4, 1)).data()]).toEqual([0, 2, 0, 0, 1]);
    expect(ops.bincount(zeros([0], "i32")).shape).toEqual([0]);
  });

  it("need it given inside a captured step", () => {
    const step = capture((x: Tensor) => ops.histogram(x).counts);
    expect(() => step(ones([3]))).toThrow("histogram: no values may be read");
    const count = capture((x: Tensor<"i32">) => ops.bincount(x));
    expect(() => count(integers(1))).toThrow("bincount: no values may be read");
  });
});

describe("contraction", () => {
  it("takes the cheap product first, whatever the order of the operands", () => {
    const [a, b, c] = [ones([2, 500]), ones([500, 400]), ones([400, 1])];
    expect(ops.einsum("ij,jk,kl->il", a, b, c).array()).toEqual([[200_000], [200_000]]);
  });
});

describe("bad input", () => {
  const cases: [string, () => unknown, new (message: string) => Error, string][] = [
    ["sort", () => ops.sort(tensor([true]) as unknown as Tensor), DtypeError, "sort: x must be f32 or i32, got bool"],
    ["sort of a number", () => ops.sort(tensor(1)), ArgumentError, "sort: axis must be"],
    [
      "topK",
      () => ops.topK(ones([2, 3]), 4),
      ArgumentError,
      "topK: k must be a whole number from 0 to axis 1's size 3",
    ],
    ["searchSorted", () => ops.searchSorted(ones([2, 2]), ones([2])), ShapeError, "searchSorted: sorted must have one"],
    [
      "searchSorted of two dtypes",
      () => ops.searchSorted(integers(1) as unknown as Tensor, ones([2])),
      DtypeError,
      'searchSorted: values, as sorted, must be i32, got f32; cast(x, "i32") makes it so',
    ],
    ["quantile", () => ops.quantile(ones([3]), 1.5), ArgumentError, "quantile: q must be from 0 to 1"],
    ["median of nothing", () => ops.median(zeros([0])), ShapeError, "median: the axes must hold at least one"],
    ["histogram", () => ops.histogram(ones([3]), { range: [1, 1] }), ArgumentError, "histogram: range must be"],
    [
      "bincount",
      () => ops.bincount(integers(-1), { length: 3 }),
      ArgumentError,
      "bincount: x must be from 0 to 2, got -1 at position 0",
    ],
    ["cov", () => ops.cov(ones([3])), ShapeError, "cov: x must be [variables, observations], got shape [3]"],
    [
      "takeAlongAxis",
      () => ops.takeAlongAxis(ones([2, 3]), zeros([1, 3], "i32")),
      ShapeError,
      "takeAlongAxis: indices",
    ],
    ["gatherNd", () => ops.gatherNd(ones([2]), zeros([3, 2], "i32")), ShapeError, "gatherNd: indices must be [..., n]"],
    [
      "gatherNd",
      () => ops.gatherNd(ones([2, 2]), integers(0, 2)),
      ArgumentError,
      "gatherNd: indices must be from 0 to 1",
    ],
    ["roll", () => ops.roll(ones([2, 2]), [1], [0, 1]), ArgumentError, "roll: there must be a shift for each axis"],
    ["roll by half", () => ops.roll(ones([2]), 0.5), ArgumentError, "roll: shift must be a whole number, got 0.5"],
    ["repeat", () => ops.repeat(ones([2]), -1), ShapeError, "repeat: a shape must hold whole numbers"],
    [
      "meshgrid",
      () => ops.meshgrid([ones([2, 2])]),
      ShapeError,
      "meshgrid: the tensors must have one axis, got shape [2, 2]",
    ],
    ["tril", () => ops.tril(ones([2])), ShapeError, "tril: x must be [..., rows, columns], got shape [2]"],
    [
      "diagonal",
      () => ops.diagonal(ones([2, 2]), 0, 1, -1),
      ArgumentError,
      "diagonal: axis1 and axis2 must be different",
    ],
    ["diag", () => ops.diag(ones([2, 2, 2])), ShapeError, "diag: x must be a vector or a matrix, got shape [2, 2, 2]"],
    ["cumsum", () => ops.cumsum(integers(1) as unknown as Tensor), DtypeError, "cumsum: x must be f32, got i32"],
    [
      "tensordot",
      () => ops.tensordot(ones([2, 3]), ones([2, 3]), 1),
      ShapeError,
      "tensordot: the axes' sizes must agree",
    ],
    ["vdot", () => ops.vdot(ones([2]), ones([3])), ShapeError, "vdot: the axes' sizes must agree, got [2] and [3]"],
    [
      "einsum's operands",
      () => ops.einsum("ij,jk", ones([2, 2])),
      ArgumentError,
      "einsum: subscripts must have a part",
    ],
    ["einsum's letters", () => ops.einsum("i1", ones([2, 2])), ArgumentError, "einsum: a part must be of letters"],
    [
      "einsum's axes",
      () => ops.einsum("ijk", ones([2, 2])),
      ShapeError,
      'einsum: "ijk" must name the axes of its operand',
    ],
    [
      "einsum's sizes",
      () => ops.einsum("ij,jk", ones([2, 3]), ones([4, 2])),
      ShapeError,
      "einsum: the sizes of j must be",
    ],
    ["einsum's output", () => ops.einsum("ij->ik", ones([2, 3])), ArgumentError, "einsum: the output must name each"],
    ["einsum's diagonal", () => ops.einsum("ii", ones([2, 3])), ShapeError, "einsum: the sizes of i must be"],
    [
      "einsum of integers",
      () => ops.einsum("i", integers(1) as unknown as Tensor),
      DtypeError,
      "einsum: each operand must",
    ],
  ];
  it.each(cases)("%s", (_name, f, type, message) => {
    expect(f).toThrow(type);
    expect(f).toThrow(message);
  });
});
