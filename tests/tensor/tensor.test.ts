// Tensors and JavaScript: what values may be, what consoles, JSON and structuredClone get, dtypes by other names.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as everything from "../../ts/index.ts";
import {
  ArgumentError,
  backward,
  capture,
  cast,
  conv2d,
  type Dtype,
  DtypeError,
  embedding,
  full,
  grad,
  ones,
  optimizers,
  ShapeError,
  StateError,
  scope,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
  zeros,
} from "../../ts/index.ts";

/** [[[...]]]: a list whose only element is itself. */
function inItself(): never {
  const list: unknown[] = [];
  list.push(list);
  return list as never;
}

function deep(levels: number): never {
  let list: unknown = 1;
  for (let i = 0; i < levels; i++) list = [list];
  return list as never;
}

describe("values", () => {
  it.each<[string, () => unknown, new (...args: never[]) => Error]>([
    ["too few, written", () => tensor([1, 2]).write([9]), ShapeError],
    ["too many, written", () => tensor([1, 2]).write([1, 2, 3]), ShapeError],
    ["none, written", () => tensor([1, 2]).write(undefined as never), ShapeError],
    ["strings, written", () => tensor([1, 2]).write(["1", "2"] as never), DtypeError],
    ["holes, written", () => tensor([1, 2]).write(new Array(2)), DtypeError],
    ["7 for bool", () => variable(tensor([true])).assign([7]), DtypeError],
    ["bytes of 7 for bool", () => variable(tensor([true])).assign(Uint8Array.of(7)), DtypeError],
    ["a fraction for i32", () => variable(tensor(Int32Array.of(1))).assign([0.5]), DtypeError],
    ["256 for u8", () => variable(tensor(Uint8Array.of(1))).assign([256]), DtypeError],
    ["lists for numbers", () => variable(tensor([1])).assign([[1]] as never), DtypeError],
    ["a string", () => tensor("12" as never), DtypeError],
    ["null", () => tensor(null as never), DtypeError],
    ["strings", () => tensor(["1"] as never), DtypeError],
    ["holes", () => tensor(new Array(3)), ShapeError],
    ["big integers", () => tensor(new BigInt64Array(2) as never), DtypeError],
    ["a list in itself", () => tensor(inItself()), ShapeError],
    ["a list in itself, with a shape", () => tensor(inItself(), { shape: [1] }), DtypeError],
    ["lists in lists in lists", () => tensor(deep(5000)), ShapeError],
    ["lists of symbols", () => tensor([Symbol("one")] as never), DtypeError],
    ["a shape that is a number", () => zeros(5 as never), ShapeError],
    ["a shape of symbols", () => zeros([Symbol("one")] as never), ShapeError],
    ["a shape without prototypes", () => zeros([Object.create(null)] as never), ShapeError],
    ["a shape that is an object without a prototype", () => zeros(Object.create(null)), ShapeError],
    ["a shape of lists", () => zeros([[2]] as never), ShapeError],
    ["a shape of holes", () => zeros(new Array(2 ** 32 - 1)), ShapeError],
    ["a shape that is missing", () => zeros(undefined as never), ShapeError],
  ])("%s: an error, and nothing is written", (_what, act, error) => {
    expect(act).toThrow(error);
  });

  it("of typed arrays of the dtype are taken as they are", () => {
    expect([
      ...variable(tensor([1, 2]))
        .assign(Float64Array.of(0.5, Number.NaN))
        .data(),
    ]).toEqual([0.5, Number.NaN]);
    expect([...tensor([true, false]).write([false, true]).data()]).toEqual([0, 1]);
  });
});

describe("a dtype by another name", () => {
  it.each([
    ["float32", "f32"],
    ["int32", "i32"],
    ["uint8", "u8"],
    ["boolean", "bool"],
  ])("%s is an error that guesses %s", (name, meant) => {
    const made = [
      () => zeros([4], name as Dtype),
      () => full([4], 1, name as Dtype),
      () => tensor([1], { dtype: name as Dtype }),
    ];
    for (const make of made) {
      expect(make).toThrow(DtypeError);
      expect(make).toThrow(`did you mean "${meant}"?`);
    }
    expect(() => cast(ones([1]), name as Dtype)).toThrow();
  });

  it("that is not known is an error too", () => {
    expect(() => zeros([4], "f64" as Dtype)).toThrow(DtypeError);
    expect(() => zeros([4], null as never)).toThrow(DtypeError);
  });

  it("the wrong dtype's error names the cast that helps", () => {
    expect(() => embedding(ones([3, 2]), tensor([[1, 2]]) as never)).toThrow('cast(x, "i32")');
    const image = zeros([1, 8, 8, 1], "u8") as never;
    expect(() => conv2d(image, ones([3, 3, 1, 1]))).toThrow('cast(x, "f32")');
  });
});

describe("what consoles show", () => {
  it("is the values", () => {
    expect(inspect(tensor([[1, 2]]))).toBe("Tensor f32 [1, 2]\n[[1, 2]]");
    expect(inspect(variable(tensor([1])))).toContain("[1]");
    const deno = (tensor([3]) as unknown as Record<symbol, () => string>)[Symbol.for("Deno.customInspect")];
    expect(deno.call(tensor([3]))).toBe("Tensor f32 [1]\n[3]");
  });

  it("is the shape where there are no values to be read", () => {
    const gone = tensor([1, 2]);
    gone.dispose();
    expect(inspect(gone)).toBe("Tensor f32 [2] (disposed)");
    let inside = "";
    const step = capture((x: Tensor) => {
      inside = inspect(x);
      return sum(x);
    });
    step(ones([2]));
    expect(inside).toBe("Tensor f32 [2]");
    step.dispose();
  });

  it("stays short where there are many axes", () => {
    expect(String(zeros(new Array(18).fill(2)))).toBe(`Tensor f32 [${new Array(18).fill(2).join(", ")}]`);
    expect(String(zeros(new Array(18).fill(1)))).toContain("0");
  });
});

describe("copies by other means", () => {
  it("JSON holds shape, dtype and values", () => {
    const x = tensor(Int32Array.of(1, 2, 3, 4), { shape: [2, 2] });
    const { values, ...rest } = JSON.parse(JSON.stringify({ x })).x;
    expect({ values, ...rest }).toEqual({ shape: [2, 2], dtype: "i32", values: [1, 2, 3, 4] });
    expect(tensor(values, rest).array()).toEqual(x.array());
    expect(JSON.stringify(variable(tensor([true])))).toBe('{"shape":[1],"dtype":"bool","values":[1]}');
  });

  it.each<[string, () => unknown]>([
    ["a tensor", () => tensor([1])],
    ["a derived one", () => variable(tensor([1])).mul(2)],
    ["a variable", () => variable(tensor([1]))],
    ["a list", () => [tensor([1])]],
  ])("structuredClone of %s is an error that says what to send", (_what, make) => {
    expect(() => structuredClone(make())).toThrow(StateError);
    expect(() => structuredClone(make())).toThrow("send its data()");
  });
});

describe("gradients of what has none", () => {
  const integers = tensor(Int32Array.of(1, 2)) as never as Tensor;

  it.each<[string, () => unknown]>([
    ["by i32", () => grad((x: Tensor) => sum(cast(x, "f32") as Tensor))(integers)],
    ["by bool", () => grad((x: Tensor) => sum(cast(x, "f32") as Tensor))(tensor([true]) as never)],
    ["by i32 in a list", () => grad(([x]: Tensor[]) => sum(x))([integers])],
    ["of an i32 loss", () => grad((x: Tensor) => sum(cast(x, "i32") as never))(ones([2]))],
    ["of an i32 loss, backward", () => backward(sum(integers))],
    ["in a step of i32", () => optimizers.sgd().step([variable(ones([2]))], [integers])],
    ["in a step of u8", () => optimizers.adam().step([variable(ones([2]))], [tensor(Uint8Array.of(1, 2)) as never])],
  ])("%s: an error", (_what, act) => {
    expect(act).toThrow(DtypeError);
  });
});

describe("valueAndGrad of variables", () => {
  it("takes them before a function of whatever else there is", () => {
    const [a, b] = [variable(tensor([1, 2])), variable(tensor([3, 4]))];
    const step = valueAndGrad([a, b], (x: Tensor, factor: number) => sum(a.mul(b).mul(x)).mul(factor));
    const [loss, [da, db]] = step(ones([2]), 2);
    expect([loss.item(), [...da.data()], [...db.data()]]).toEqual([22, [6, 8], [2, 4]]);
    const named = valueAndGrad({ a, b }, () => [sum(a.mul(b)), "more"] as const);
    const [[value, more], gradients] = named();
    expect([value.item(), more, [...gradients.b.data()]]).toEqual([11, "more", [1, 2]]);
    expect(valueAndGrad(a, () => sum(a))()[1].array()).toEqual([1, 1]);
  });

  it("refuses what could not be used inside", () => {
    expect(() => valueAndGrad([ones([1])], () => ones([1]))).toThrow(ArgumentError);
    expect(() => valueAndGrad([] as Tensor[], undefined as never)).toThrow(ArgumentError);
    expect(() => grad(undefined as never)).toThrow(ArgumentError);
  });
});

it("ops that only gradients need are not exported", () => {
  expect(
    Object.keys(everything).filter(
      (name) =>
        /.Grad$/.test(name) && !["noGrad", "customGrad", "innerGrad", "perExampleGrad", "valueAndGrad"].includes(name),
    ),
  ).toEqual([]);
  expect(everything).not.toHaveProperty("attentionScores");
  expect(everything).toHaveProperty("maskOf");
});

it("a result that holds itself ends", () => {
  const result: { x: Tensor; self?: unknown } = scope(() => {
    const made: { x: Tensor; self?: unknown } = { x: tensor([1]) };
    made.self = made;
    return made;
  });
  expect(result.x.disposed).toBe(false);
  const step = capture((() => {
    const made: Record<string, unknown> = { x: ones([1]) };
    made.self = made;
    return made;
  }) as never) as () => void;
  expect(step).toThrow(ArgumentError);
});
