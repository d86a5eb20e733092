// What is no argument of an op, in any place of any op: a typed error that names the op that was called, and nothing raw.
import { describe, expect, it } from "vitest";
import "../../ts/ops/methods.ts";
import { defineOp } from "../../ts/autograd/op.ts";
import * as publicOps from "../../ts/ops/public.ts";
import { ArgumentError, DtypeError, ShapeError } from "../../ts/runtime/errors.ts";
import * as create from "../../ts/tensor/create.ts";
import { ones } from "../../ts/tensor/create.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { type Call, calls, creations } from "./calls.ts";

const { full, zeros, ones: makeOnes, arange, linspace, eye, tensor } = create;
const ops = { ...publicOps, full, zeros, ones: makeOnes, arange, linspace, eye, tensor };

/** Nowhere right, but for an object of options and an empty list where lists are taken. */
const odd: { readonly [name: string]: () => unknown } = {
  null: () => null,
  "an object": () => ({ axis: 0, keepDims: true }),
  "an object without a prototype": () => Object.create(null),
  text: () => "nothing",
  "a symbol": () => Symbol("one"),
  "a function": () => () => 0,
  "a big integer": () => 1n,
  "a promise": () => Promise.resolve(1),
  "a map": () => new Map(),
  "a list of nothing": () => [undefined],
  "a list of objects": () => [{}, Object.create(null)],
  "a list of symbols": () => [Symbol("one"), Symbol("two")],
  "a list of text": () => ["0", "1"],
};
/** Right in some places. */
const strange: { readonly [name: string]: () => unknown } = {
  "no number": () => Number.NaN,
  infinity: () => Number.POSITIVE_INFINITY,
  "a fraction": () => 0.5,
  "2^31": () => 2 ** 31,
  "-2^53": () => -(2 ** 53),
  "an empty list": () => [],
  "a list in itself": () => {
    const list: unknown[] = [];
    list.push(list);
    return list;
  },
  "a list of 2^31": () => [2 ** 31, 2],
  true: () => true,
  "a tensor of many axes": () => ones([1, 2, 1, 2, 1, 2, 1]),
  "a tensor of none": () => ones([]),
  bytes: () => ones([2, 3], "u8"),
  "an empty tensor": () => ones([0, 3]),
  "a disposed tensor": () => {
    const x = ones([2, 3]);
    x.dispose();
    return x;
  },
};

type Entries = [name: string, call: Call][];
const all = Object.entries({ ...calls, ...creations }) as Entries;

function run(name: string, args: readonly unknown[]): unknown {
  return (ops as unknown as Record<string, (...args: unknown[]) => unknown>)[name](...args);
}

function failure(name: string, args: readonly unknown[]): unknown {
  try {
    run(name, args);
  } catch (error) {
    return error;
  }
  return undefined;
}

it("there is a call of each public op, and it is right", () => {
  const names = Object.keys(publicOps).filter((name) => name !== "Generator");
  expect(Object.keys(calls).sort()).toEqual(names.sort());
  for (const [name, { call }] of all) expect(() => run(name, call()), name).not.toThrow();
});

describe.each(all)("%s", (name, { call, flags = [], options }) => {
  const places = call().map((_, place) => place);
  it.each(places)("argument %d: what is nowhere right is a typed error that names the op", (place) => {
    for (const [what, make] of Object.entries(odd)) {
      if (place === options && ["an object", "an object without a prototype"].includes(what)) continue;
      const error = failure(name, call().with(place, make()));
      expect(error, what).toBeInstanceOf(Error);
      const message = `${what}: ${(error as Error).name}: ${(error as Error).message}`;
      expect(
        [ArgumentError, DtypeError, ShapeError].some((kind) => error instanceof kind),
        message,
      ).toBe(true);
      expect(message.startsWith(`${what}: ${(error as Error).name}: ${name}: `), message).toBe(true);
    }
  });

  it.each(places)(
    "argument %d: what is right elsewhere gives a result, or a typed error that names the op",
    (place) => {
      for (const [what, make] of Object.entries(strange)) {
        const error = failure(name, call().with(place, make())) as Error | undefined;
        if (error === undefined) continue;
        const message = `${what}: ${error.name}: ${error.message}`;
        expect(["ArgumentError", "DtypeError", "ShapeError", "StateError", "OutOfMemoryError"], message).toContain(
          error.name,
        );
        if (error.name !== "OutOfMemoryError") expect(error.message.startsWith(`${name}: `), message).toBe(true);
      }
    },
  );

  it.each(flags)("argument %d is true or false", (place) => {
    for (const value of [0, 1, "false", null, {}, []]) {
      expect(failure(name, call().with(place, value)), String(value)).toBeInstanceOf(ArgumentError);
    }
  });
});

/** Those of functions that know how many arguments they have. */
const withoutOptions = all.filter(([name, { options }]) => {
  const op = (ops as unknown as Record<string, { opName?: string }>)[name];
  return options === undefined && (op.opName !== undefined || /^(adaptive|oneHot|unique|softmaxCross)/.test(name));
});

describe("an object of options behind the last argument", () => {
  it.each(withoutOptions)("of %s, which has none, is an error", (name, { call }) => {
    expect(failure(name, [...call(), { axis: 0 }])).toBeInstanceOf(ArgumentError);
    expect(String(failure(name, [...call(), { axis: 0 }]))).toMatch(`ArgumentError: ${name}: `);
  });

  it("is the only thing there that matters: what maps hand on is ignored", () => {
    expect([ones([1])].map(publicOps.square as (x: ReturnType<typeof ones>) => unknown)).toHaveLength(1);
    expect(() => run("relu", [ones([2]), 0, [ones([2])], new Map()])).not.toThrow();
  });

  it("is what an op of one's own takes when it says so", () => {
    const definition = { forward: (x: ReturnType<typeof ones>, { by = 1 } = {}) => publicOps.mul(x as Tensor, by) };
    expect(() => defineOp("plain", definition)(ones([1]), { by: 3 })).toThrow("plain: it must be given no options");
    expect(defineOp("scaled", { ...definition, options: true })(ones([1]), { by: 3 }).item()).toBe(3);
  });
});

it.each<[string, () => unknown]>([
  ['zeros: dtype must be f32, i32, u8, bool, got float32; did you mean "f32"?', () => zeros([4], "float32" as "f32")],
  ["zeros: dtype must be f32, i32, u8, bool, got toString", () => zeros([4], "toString" as "f32")],
  ["zeros: a shape must be a list of whole numbers, got shape 5", () => zeros(5 as never)],
  [
    "pad: a tensor must have fewer than 2^31 elements, got shape [2147483650]",
    () => publicOps.pad(ones([2]), [[2 ** 31, 0]]),
  ],
  [
    "resize: size must be one or two whole numbers of at least 1 and less than 2^31, got [2147483648, 2]",
    () => publicOps.resize(ones([1, 2, 2, 1]), [2 ** 31, 2]),
  ],
  ["matmul: a tensor must have fewer than 2^31", () => publicOps.matmul(ones([50_000, 1]), ones([1, 50_000]))],
  ["oneHot: a tensor must have fewer than 2^31", () => publicOps.oneHot(zeros([2 ** 16], "i32"), 2 ** 16)],
  ["outer: a tensor must have fewer than 2^31", () => publicOps.outer(ones([50_000]), ones([50_000]))],
  [
    "gelu: it must be given no options, got { approximate }",
    () => publicOps.gelu(ones([1]), { approximate: false } as never),
  ],
  ['sum: keepDims must be true or false, got "false"', () => publicOps.sum(ones([1]), 0, "false" as never)],
  ["cholesky: it must be given no options, got { upper }", () => run("cholesky", [ones([1, 1]), { upper: true }])],
  ["sum: axes must be a list, got a tensor", () => publicOps.sum(ones([1]), ones([1]) as never)],
  ["elu: what follows x must be a number, got a tensor", () => publicOps.elu(ones([1]), ones([1]) as never)],
])("%s", (message, f) => {
  expect(f).toThrow(message);
});

it("an error inside an op made of others has the name of the one that was called, in its stack too", () => {
  const error = failure("std", [ones([2]), 5]) as Error;
  expect(error.message).toBe("std: axis must be from -1 to 0 for rank 1, got 5");
  expect(error.stack).toContain("std: axis must be");
});

const withOptions = all.filter(([, { options }]) => options !== undefined);

describe.each(withOptions)("an option of %s", (name, { call, options = 0 }) => {
  const known = String(failure(name, call().with(options, { bogus: 1 })))
    .replace(/.*known are /, "")
    .replace(/;.*/, "")
    .split(", ");
  it.each(known)("%s: what is nowhere right is a typed error that names the op", (option) => {
    for (const [what, make] of Object.entries(odd)) {
      // No window of a spectrum.
      if (option === "window" && what === "null") continue;
      const before = call();
      const error = failure(name, before.with(options, { ...(before[options] as object), [option]: make() })) as Error;
      expect(String(error), what).toMatch(new RegExp(`^(Argument|Dtype|Shape)Error: ${name}: `));
    }
  });

  it.each(known)("%s: what is right elsewhere gives a result, or a typed error that names the op", (option) => {
    for (const [what, make] of Object.entries(strange)) {
      const before = call();
      const error = failure(name, before.with(options, { ...(before[options] as object), [option]: make() }));
      if (error === undefined || String(error).startsWith("OutOfMemoryError")) continue;
      expect(String(error), what).toMatch(new RegExp(`^(Argument|Dtype|Shape|State)Error: ${name}: `));
    }
  });
});
