// What the op table does not cover of ts/ops/layout.ts and gather.ts: shared memory, many axes,
// and bad arguments.
import { describe, expect, it } from "vitest";
import { grad, sum, type Tensor } from "../../ts/index.ts";
import { broadcastTo, tile } from "../../ts/ops/broadcast.ts";
import { embedding, gather, oneHot, scatter } from "../../ts/ops/gather.ts";
import * as layout from "../../ts/ops/layout.ts";
import { ArgumentError, DtypeError, ShapeError } from "../../ts/runtime/errors.ts";
import { arange, tensor, zeros } from "../../ts/tensor/create.ts";
import { Variable } from "../../ts/tensor/variable.ts";

describe("reshape", () => {
  it("shares memory", () => {
    const x = new Variable(tensor([1, 2, 3, 4]));
    const y = layout.reshape(x, [2, 2]);
    x.assign([5, 6, 7, 8]);
    expect(y.array()).toEqual([
      [5, 6],
      [7, 8],
    ]);
    x.dispose();
    expect(y.array()).toEqual([
      [5, 6],
      [7, 8],
    ]);
  });

  it("keeps zero sizes apart from inferred ones", () => {
    expect(layout.reshape(zeros([0, 3]), [3, -1]).shape).toEqual([3, 0]);
  });
});

describe("many axes", () => {
  it("are merged where they lie together", () => {
    const shape = [2, 1, 2, 3, 1, 2, 2, 2, 2];
    const x = arange(192);
    const y = layout.transpose(layout.reshape(x, shape), [0, 1, 2, 3, 4, 8, 5, 6, 7]);
    const flat = layout.transpose(layout.reshape(x, [12, 8, 2]), [0, 2, 1]);
    expect(y.data()).toEqual(flat.data());
  });

  it("are refused beyond six that do not", () => {
    expect(() => layout.transpose(zeros([2, 2, 2, 2, 2, 2, 2]))).toThrow(/at most 6 axes/);
  });
});

describe("bad arguments", () => {
  const x = zeros([2, 3]);
  const ids = tensor(Int32Array.of(0, 1));
  it.each<[string, () => unknown, new (message: string) => Error]>([
    ["reshape to another size", () => layout.reshape(x, [4]), ShapeError],
    ["reshape to a number", () => layout.reshape(x, 6 as never), ShapeError],
    ["reshape with a remainder", () => layout.reshape(x, [4, -1]), ShapeError],
    ["reshape with two unknown sizes", () => layout.reshape(x, [-1, -1]), ShapeError],
    ["squeeze of a long axis", () => layout.squeeze(x, 0), ShapeError],
    ["expandDims beyond the rank", () => layout.expandDims(x, 4), ArgumentError],
    ["transpose with a repeated axis", () => layout.transpose(x, [0, 0]), ArgumentError],
    ["transpose with too few axes", () => layout.transpose(x, [0]), ArgumentError],
    ["flip of a missing axis", () => layout.flip(x, 2), ArgumentError],
    ["broadcastTo fewer axes", () => broadcastTo(x, [3]), ShapeError],
    ["broadcastTo another size", () => broadcastTo(x, [4, 3]), ShapeError],
    ["tile with a missing count", () => tile(x, [2]), ArgumentError],
    ["tile with a negative count", () => tile(x, [1, -1]), ShapeError],
    ["slice beyond the end", () => layout.slice(x, [0, 2], [2, 2]), ShapeError],
    ["slice from before the start", () => layout.slice(x, [0, -4]), ShapeError],
    ["slice with stride 0", () => layout.slice(x, [0, 0], [1, 1], [1, 0]), ShapeError],
    ["slice with too many numbers", () => layout.slice(x, [0, 0, 0]), ArgumentError],
    ["slice from no number", () => layout.slice(x, "0" as never), ArgumentError],
    [
      "pad by a negative width",
      () =>
        layout.pad(x, [
          [0, 0],
          [-1, 0],
        ]),
      ArgumentError,
    ],
    ["concat of nothing", () => layout.concat([]), ArgumentError],
    ["concat of other sizes", () => layout.concat([x, zeros([2, 4])]), ShapeError],
    ["concat of other dtypes", () => layout.concat([x, zeros([2, 3], "i32") as never]), DtypeError],
    ["stack of other shapes", () => layout.stack([x, zeros([3, 2])]), ShapeError],
    ["split into uneven parts", () => layout.split(x, 2, 1), ArgumentError],
    ["split into too little", () => layout.split(x, [1, 1], 1), ArgumentError],
    ["gather by floats", () => gather(x, zeros([2]) as never), DtypeError],
    ["gather along a missing axis", () => gather(x, ids, 2), ArgumentError],
    ["embedding from a vector", () => embedding(zeros([3]), ids), ShapeError],
    ["scatter of the wrong shape", () => scatter(zeros([3, 2]), ids, 4), ShapeError],
    ["oneHot of depth 0", () => oneHot(ids, 0), ArgumentError],
  ])("%s", (_name, f, type) => {
    expect(f).toThrow(type);
  });
});

describe("slice", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  it.each<[string, Parameters<typeof x.slice>, number[][]]>([
    ["a number for the first axis", [1], [[4, 5, 6]]],
    [
      "two numbers for rows",
      [0, 2],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      "a begin from the end",
      [[0, -2]],
      [
        [2, 3],
        [5, 6],
      ],
    ],
    ["fewer numbers than axes", [[1], [1]], [[4, 5, 6]]],
    ["a stride for the first axis", [0, -1, 2], [[1, 2, 3]]],
    [
      "negative begins with sizes",
      [
        [-1, -3],
        [1, 2],
      ],
      [[4, 5]],
    ],
  ])("takes %s", (_what, args, values) => {
    expect(x.slice(...args).array()).toEqual(values);
    const mask = grad((x: Tensor) => sum(x.slice(...args)))(x).array<number[][]>();
    expect(mask.flat().reduce((a, b) => a + b)).toBe(values.flat().length);
    expect(
      x
        .array<number[][]>()
        .flat()
        .filter((_, i) => mask.flat()[i] === 1),
    ).toEqual(values.flat());
  });
});

describe("at", () => {
  it("takes elements of every dtype, as NumPy's index does", () => {
    const x = arange(12).reshape([3, 4]);
    expect(x.at("1:, ::2").array()).toEqual([
      [4, 6],
      [8, 10],
    ]);
    expect(x.cast("i32").at("-1").array()).toEqual([8, 9, 10, 11]);
    expect(x.cast("u8").at("::-1, 0").array()).toEqual([8, 4, 0]);
    expect(x.at("0, 0").shape).toEqual([]);
  });

  it("refuses what is no index", () => {
    const x = zeros([3, 4]);
    for (const index of ["", "1:2:3:4", "a", "1.5", "..., ...", "0, 0, 0", "::0", "1, , 2", Number.NaN, 1.5, [1]]) {
      expect(() => x.at(index as string)).toThrow(ArgumentError);
    }
    expect(() => x.at("a")).toThrow('at: the index must be like "1:-1, ::2, ..., 0" for 2 axes, got a');
    expect(() => x.at(3)).toThrow("at: index 3 must lie inside axis 0 of [3, 4], got 3");
    expect(() => x.at(":, -5")).toThrow(ShapeError);
  });
});
