// What scopes free and what they keep, `using`, and tensors after their end.
import { describe, expect, it } from "vitest";
import { memory } from "../../ts/runtime/engine.ts";
import { ArgumentError, StateError } from "../../ts/runtime/errors.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { deferredScope, keep, scope } from "../../ts/tensor/scope.ts";
import { alias, type Tensor } from "../../ts/tensor/tensor.ts";
import { variable } from "../../ts/tensor/variable.ts";

const make = (): Tensor => tensor([1, 2, 3]);

/** Buffers that `f` leaves behind. */
function left(f: () => void): number {
  const before = memory.report().buffers;
  f();
  return memory.report().buffers - before;
}

describe("scope", () => {
  it("frees what is made inside, except what it returns", () => {
    let inner: Tensor | undefined;
    const result = scope(() => {
      inner = make();
      return make();
    });
    expect([inner?.disposed, result.disposed]).toEqual([true, false]);
    result.dispose();
  });

  it.each<[string, (x: Tensor, y: Tensor) => unknown]>([
    ["a list", (x, y) => [x, [y]]],
    ["a record", (x, y) => ({ x, deep: { y } })],
    ["a map", (x, y) => new Map(Object.entries({ x, y }))],
  ])("finds the tensors of its result in %s", (_what, wrap) => {
    let third: Tensor | undefined;
    const pair: Tensor[] = [];
    scope(() => {
      pair.push(make(), make());
      third = make();
      return wrap(pair[0], pair[1]);
    });
    expect([...pair, third].map((x) => x?.disposed)).toEqual([false, false, true]);
    for (const x of pair) x.dispose();
  });

  it("hands its result to the scope around it", () => {
    expect(
      left(() => {
        scope(() => {
          const x = scope(make);
          expect(x.disposed).toBe(false);
        });
      }),
    ).toBe(0);
  });

  it("frees what is made inside when it throws", () => {
    expect(
      left(() => {
        const fail = (): never => {
          make();
          throw new RangeError("no");
        };
        expect(() => scope(fail)).toThrow(RangeError);
      }),
    ).toBe(0);
    // And is no longer there.
    const x = make();
    expect(x.disposed).toBe(false);
    x.dispose();
  });

  it("frees memory with its last handle", () => {
    let other: Tensor | undefined;
    const x = make();
    scope(() => {
      other = alias(x, [3, 1]);
    });
    expect(other?.disposed).toBe(true);
    expect([...x.data()]).toEqual([1, 2, 3]);
    x.dispose();
  });

  it("leaves kept tensors and variables alone", () => {
    const [kept, weight] = scope(() => {
      const kept = keep(make());
      const weight = variable(make());
      return [{ x: kept }, () => weight] as const;
    });
    expect([kept.x.disposed, weight().disposed]).toEqual([false, false]);
    kept.x.dispose();
    weight().dispose();
  });

  it("forgets what was disposed inside", () => {
    expect(left(() => scope(() => make().dispose()))).toBe(0);
  });

  it("must not wait", () => {
    expect(() => scope(async () => make())).toThrow(ArgumentError);
  });

  it("frees nothing of inner scopes early where it is deferred", () => {
    let inner: Tensor | undefined;
    deferredScope(() => {
      scope(() => {
        inner = make();
      });
      expect(inner?.disposed).toBe(false);
    });
    expect(inner?.disposed).toBe(true);
    expect(left(() => scope(() => void make()))).toBe(0);
  });
});

describe("using", () => {
  it("frees a tensor at the end of its block", () => {
    expect(
      left(() => {
        using x = make();
        expect(x.item.length).toBe(0);
      }),
    ).toBe(0);
  });
});

describe("a disposed tensor", () => {
  it("is an error wherever its values are wanted", () => {
    const x = make();
    x.dispose();
    x.dispose();
    expect(x.disposed).toBe(true);
    for (const use of [() => x.data(), () => x.array(), () => x.toString(), () => alias(x), () => x.write([1, 2, 3])]) {
      expect(use).toThrow(StateError);
      expect(use).toThrow("tensor: it must not be disposed, got a disposed tensor of shape [3]");
    }
  });
});
