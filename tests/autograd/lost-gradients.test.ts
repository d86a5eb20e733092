// Gradients whose way back is gone are errors that say so: never zeros, never a part of a gradient.
import { describe, expect, it } from "vitest";
import type { Lost } from "../../ts/autograd/tape.ts";
import {
  add,
  backward,
  capture,
  cast,
  checkpoint,
  concat,
  exp,
  floor,
  grad,
  greater,
  jacobian,
  jvp,
  keep,
  mean,
  mul,
  noGrad,
  ones,
  StateError,
  scope,
  sign,
  square,
  stopGradient,
  sum,
  type Tensor,
  tensor,
  Variable,
  valueAndGrad,
  variable,
  vjp,
} from "../../ts/index.ts";

const weight = (): Variable => variable(tensor([1, 2]));

/** The gradients of a loss with respect to variables. */
const gradients = (loss: () => Tensor, variables: Variable[]): Tensor[] =>
  valueAndGrad((_variables: Tensor[]) => loss())(variables)[1] as Tensor[];

/** What is remembered of a derivation. */
const remembered = (x: Tensor): Lost => x.derivation?.freed() as Lost;

/** The error of `f` is a StateError that names the op whose result is gone. */
function expectLost(f: () => unknown, op: string): void {
  expect(f).toThrow(StateError);
  expect(f).toThrow(op);
}

describe("a freed tensor on the way back", () => {
  it("is an error where it was disposed of", () => {
    const f = (x: Tensor): Tensor => {
      const h = exp(x);
      const y = mul(h, 2);
      h.dispose();
      return sum(y);
    };
    expectLost(() => grad(f)(ones([2])), "exp");
    // Also where another way leads to the same leaf.
    expectLost(() => grad((x: Tensor) => add(f(x), sum(mul(x, 3))))(ones([2])), "exp");
  });

  it("is an error where `using` freed it", () => {
    const f = (x: Tensor): Tensor => {
      using h = square(x);
      return sum(mul(h, 2));
    };
    expectLost(() => grad(f)(ones([2])), "square");
  });

  it("is an error where a scope freed it", () => {
    const v = weight();
    const a = scope(() => square(exp(v)));
    const loss = sum(add(a, mul(v, 3)));
    expectLost(() => backward(loss), "exp");
    expectLost(() => valueAndGrad(() => sum(add(a, mul(v, 3))))([v]), "exp");
    expect(v.grad).toBeUndefined();
  });

  it("is an error where what was kept outlives what made it", () => {
    const v = weight();
    let kept: Tensor | undefined;
    scope(() => {
      kept = keep(square(exp(v)));
    });
    expectLost(() => backward(sum(kept as Tensor)), "exp");
  });

  it("is an error in lists, and at the loss itself", () => {
    const v = weight();
    const h = exp(v);
    const y = sum(concat([h, v]));
    h.dispose();
    expectLost(() => backward(y), "exp");
    y.dispose();
    expectLost(() => backward(y), "sum");
  });

  it("is an error in a checkpoint, whose inner scopes free nothing too early", () => {
    const x = tensor([1, 2]);
    const scoped = checkpoint((x: Tensor) => scope(() => mul(exp(x), 2)));
    expect([...grad((x: Tensor) => sum(scoped(x)))(x).data()]).toEqual([
      ...grad((x: Tensor) => sum(mul(exp(x), 2)))(x).data(),
    ]);
    const disposing = checkpoint((x: Tensor) => {
      const h = exp(x);
      const y = mul(h, 2);
      h.dispose();
      return y;
    });
    expectLost(() => grad((x: Tensor) => sum(disposing(x)))(x), "exp");
  });

  it("is none where it led to no target", () => {
    // As in adversarial training: what one network made is data to the other.
    const [generator, discriminator] = [weight(), weight()];
    const fake = scope(() => square(exp(generator)));
    const [gradient] = gradients(() => sum(mul(fake, discriminator)), [discriminator]);
    expect([...gradient.data()]).toEqual([...fake.data()]);
    backward(sum(mul(stopGradient(fake), discriminator)));
    expect([...(discriminator.grad as Tensor).data()]).toEqual([...fake.data()]);
    // A constant may be freed by its own scope.
    const constant = scope(() => square(tensor([2, 3])));
    backward(sum(mul(constant, generator)));
    expect([...(generator.grad as Tensor).data()]).toEqual([4, 9]);
  });
});

describe("what comes out of a gradient", () => {
  it("cannot be gone back through once that has ended", () => {
    const v = weight();
    const step = valueAndGrad((_v: Tensor[]) => mean(square(v)));
    const [loss, [gradient]] = step([v]);
    expectLost(() => backward(add(loss, sum(v))), "ended gradient");
    expectLost(() => backward(add(sum(square(gradient)), sum(v))), "gradient that was not itself");
    expect(v.grad).toBeUndefined();
    // Sums over many steps hold nothing of them.
    let total: Tensor = loss;
    for (let i = 0; i < 3; i++) total = add(total, step([v])[0]);
    expect((total.derivation as { args?: unknown }).args).toBeUndefined();
  });

  it("goes no further than a gradient's own handle: tensors of the user's stay untouched", () => {
    const [x, dy] = [tensor([1, 2]), tensor([1, 1])];
    valueAndGrad((x: Tensor) => sum(mul(x, dy)))(x);
    expect([x.derivation, dy.derivation]).toEqual([undefined, undefined]);
  });
});

describe("what comes out of a captured step", () => {
  it("cannot be gone back through, at the first call and at replays", () => {
    const v = weight();
    const step = capture((x: Tensor) => mul(square(v), x));
    for (let call = 0; call < 2; call++) {
      const y = step(ones([2]));
      expectLost(() => backward(sum(add(y, mul(v, 3)))), "captured step");
      expectLost(() => valueAndGrad(() => sum(add(y, v)))([v]), "captured step");
      // To other variables it is data.
      const other = weight();
      const [gradient] = gradients(() => sum(mul(y, other)), [other]);
      expect([...gradient.data()]).toEqual([...y.data()]);
    }
    step.dispose();
  });

  it("may go into another captured step, and is still known there", () => {
    const v = weight();
    const [first, second] = [capture((x: Tensor) => mul(v, x)), capture((x: Tensor) => mul(x, 2))];
    for (let call = 0; call < 2; call++) {
      const y = second(first(ones([2])));
      expect([...y.data()]).toEqual([2, 4]);
      expectLost(() => backward(sum(add(y, v))), "captured step");
    }
    first.dispose();
    second.dispose();
  });

  it("is data where the step was run without gradients", () => {
    const v = weight();
    const step = capture((x: Tensor) => noGrad(() => mul(v, x)));
    for (let call = 0; call < 2; call++) backward(sum(mul(step(ones([2])), v)));
    expect([...(v.grad as Tensor).data()]).toEqual([2, 4]);
    step.dispose();
  });
});

describe("stopGradient", () => {
  it("cuts what noGrad leaves", () => {
    const v = variable(tensor([3]));
    const y = square(v);
    expect(noGrad(() => y).derivation).toBe(y.derivation);
    backward(sum(mul(stopGradient(y), mul(y.stopGradient(), v))));
    expect(v.grad?.item()).toBe(81);
    expect(v.stopGradient()).not.toBeInstanceOf(Variable);
  });
});

describe("a loss of which no gradient can be taken", () => {
  const x = tensor([1, 2]);
  const lost: [string, (y: Tensor) => Tensor][] = [
    ["computed in noGrad", (y) => noGrad(() => sum(square(y)))],
    ["summed from what noGrad computed", (y) => sum(noGrad(() => square(y)))],
    ["behind stopGradient", (y) => sum(square(stopGradient(y)))],
    ["behind stopGradient further on", (y) => stopGradient(sum(square(y)))],
    ["computed in noGrad from lists", (y) => sum(noGrad(() => concat([y, y])))],
  ];
  it.each(lost)("%s, is an error and not a gradient of 0", (_what, loss) => {
    const v = weight();
    expect(() => valueAndGrad([v], () => loss(v))()).toThrow(StateError);
    expect(() => valueAndGrad(loss)(x)).toThrow("valueAndGrad: the result must be computed where gradients are noted");
    expect(() => grad(loss)(x)).toThrow(StateError);
    expect(() => vjp(loss)(x, ones([]))).toThrow("vjp: ");
    expect(() => jvp(loss)(x, x)).toThrow("jvp: ");
    expect(() => jacobian(loss)(x)).toThrow("jacobian: ");
    expect(() => capture((z: Tensor) => grad(loss)(z))(x)).toThrow(StateError);
    expect(() => grad((z: Tensor) => sum(grad(loss)(z)))(x)).toThrow(StateError);
  });

  it("is none where the derivative is 0, or there is nothing to differentiate", () => {
    const flat: ((y: Tensor) => Tensor)[] = [
      (y) => sum(floor(y)),
      (y) => sum(cast(greater(y, 0), "f32")),
      () => sum(ones([3])),
      (y) => sum(mul(floor(y), sign(y))),
    ];
    for (const loss of flat) expect([...grad(loss)(x).data()]).toEqual([0, 0]);
    // What came before does not count.
    noGrad(() => square(weight()));
    expect([...grad(() => sum(ones([3])))(x).data()]).toEqual([0, 0]);
  });

  it("is none where some of it was noted", () => {
    const part = (y: Tensor): Tensor =>
      sum(
        mul(
          y,
          noGrad(() => square(y)),
        ),
      );
    expect([...grad(part)(x).data()]).toEqual([1, 4]);
  });
});

it("a long recurrence of freed steps is remembered by its leaves", () => {
  const v = variable(tensor([0.5]));
  let state = scope(() => mul(v, 1));
  const depths: number[] = [];
  for (let i = 0; i < 500; i++) {
    const next = scope(() => add(mul(state, v), v));
    state.dispose();
    state = next;
    depths.push(remembered(state).depth);
  }
  expect(Math.max(...depths)).toBeLessThan(100);
  expectLost(() => backward(add(state, v)), "mul");
  expect(remembered(state).leaves).toEqual(new Set([v]));
});
