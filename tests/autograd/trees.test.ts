// Captured steps take trees of tensors, as they return them, and say what else they are given.
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  add,
  capture,
  layers,
  mul,
  ones,
  type StepArgument,
  sum,
  type Tensor,
  tensor,
  variable,
} from "../../ts/index.ts";

interface Batch {
  readonly x: Tensor;
  readonly parts: readonly [Tensor, { readonly weight: Tensor; readonly name: string }];
  readonly mask?: Tensor | undefined;
}

describe("trees", () => {
  const step = (batch: Batch, factor: number): { total: Tensor; parts: readonly Tensor[] } => {
    const { x, parts, mask } = batch;
    const [first, { weight }] = parts;
    const y = add(mul(x, weight), mul(first, factor)) as Tensor;
    return { total: sum(mask ? mul(y, mask) : y), parts: [y] };
  };
  const batch = (at: number): Batch => ({
    x: tensor([at, 2]),
    parts: [ones([2]), { weight: tensor([3, at]), name: "w" }],
  });

  it("are recorded once for each structure, and replayed with the tensors' values", () => {
    const captured = capture(step);
    for (const at of [1, 5, 7]) {
      const { total, parts } = captured(batch(at), 2);
      expect([total.item(), parts[0].array()]).toEqual([5 * at + 4, [3 * at + 2, 2 * at + 2]]);
    }
    expect(captured.recordings).toBe(1);
    expect(captured({ ...batch(1), mask: tensor([1, 0]) }, 2).total.item()).toBe(5);
    expect(captured({ mask: tensor([1, 0]), ...batch(1) }, 2).total.item()).toBe(5);
    captured(batch(1), 3);
    const [, { weight }] = batch(1).parts;
    captured({ ...batch(1), parts: [ones([2]), { weight, name: "other" }] }, 3);
    expect(captured.recordings).toBe(5);
    captured.dispose();
  });

  it("hold variables, which are used where they are", () => {
    const weights = { w: variable(tensor([1, 2])), list: [variable(tensor([3, 4]))] };
    const captured = capture((all: typeof weights, x: Tensor) => {
      all.w.assign(add(all.w, x) as Tensor);
      return mul(all.w, all.list[0]);
    });
    expect(captured(weights, ones([2])).array()).toEqual([6, 12]);
    expect(captured(weights, ones([2])).array()).toEqual([9, 16]);
    captured.dispose();
  });

  it("hold nothing else: types and errors say so", () => {
    type Takes<T> = T extends StepArgument<T> ? true : false;
    const taken: [Takes<Batch>, Takes<Tensor | undefined>, Takes<readonly (number | string)[]>, Takes<unknown>] = [
      true,
      true,
      true,
      true,
    ];
    const refused: [Takes<layers.Dense>, Takes<{ inner: Map<string, Tensor> }>, Takes<(x: Tensor) => Tensor>] = [
      false,
      false,
      false,
    ];
    expect([taken, refused].flat().length).toBe(7);
    const anything = capture((_: unknown) => ones([2]));
    const must = "capture: a step's arguments must be tensors or plain values, or lists or records of them, got ";
    expect(() => anything(layers.dense({ units: 1 }))).toThrow(`${must}Dense`);
    expect(() => anything({ inner: new Map([["x", ones([2])]]) })).toThrow(`${must}Map`);
    expect(() => anything([(x: Tensor) => x])).toThrow(ArgumentError);
    const number = capture(((x: Tensor) => ({ sum: sum(x), count: x.size })) as never) as (x: Tensor) => unknown;
    expect(() => number(ones([2]))).toThrow("capture: a step must return tensors, or lists or records of them");
  });
});
