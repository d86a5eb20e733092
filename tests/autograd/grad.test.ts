// grad, valueAndGrad and backward: what they return, what they free, what they refuse.
import { describe, expect, it } from "vitest";
import {
  backward,
  checkGradient,
  grad,
  keep,
  memory,
  mul,
  noGrad,
  ShapeError,
  StateError,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
  Variable,
  valueAndGrad,
} from "../../ts/index.ts";

const cube = (x: Tensor): Tensor => sum(mul(square(x), x));

describe("grad", () => {
  it("differentiates with respect to a tensor, a list and a record", () => {
    expect([...grad(cube)(tensor([1, 2, 3])).data()]).toEqual([3, 12, 27]);
    const [a, b] = grad(([x, y]: readonly [Tensor, Tensor]) => sum(mul(x, y)))([tensor([1, 2]), tensor([3, 4])]);
    expect([[...a.data()], [...b.data()]]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    const { w } = grad(({ w }: { w: Tensor }) => cube(w))({ w: tensor([2]) });
    expect(w.item()).toBe(12);
  });

  it("differentiates gradients, three times over", () => {
    const first = (x: Tensor): Tensor => sum(grad(cube)(x));
    const second = (x: Tensor): Tensor => sum(grad(first)(x));
    expect([...grad(first)(tensor([1, 2])).data()]).toEqual([6, 12]);
    expect([...grad(second)(tensor([1, 2])).data()]).toEqual([6, 6]);
  });

  it("gives zeros for what the loss does not depend on, and adds up several uses", () => {
    const [a, b] = grad(([x, _y]: readonly [Tensor, Tensor]) => sum(x.add(x).add(x)))([tensor([1, 2]), tensor([5])]);
    expect([...a.data()]).toEqual([3, 3]);
    expect([...b.data()]).toEqual([0]);
  });

  it("hands every gradient out as a handle of its own", () => {
    const [a, b] = grad(([x, y]: readonly [Tensor, Tensor]) => sum(x.add(y)))([tensor([1]), tensor([2])]);
    a.dispose();
    expect(b.item()).toBe(1);
  });

  it("frees everything but its result", () => {
    const x = tensor([1, 2, 3]);
    grad(cube)(x).dispose();
    const before = memory.report().buffers;
    for (let i = 0; i < 10; i++) grad(cube)(x).dispose();
    expect(memory.report().buffers).toBe(before);
  });

  it("lets scopes inside the function free nothing that the way back needs", () => {
    const f = (x: Tensor): Tensor => scope(() => sum(square(scope(() => mul(x, 3)))));
    expect([...grad(f)(tensor([1, 2])).data()]).toEqual([18, 36]);
  });

  it("refuses a loss of several elements", () => {
    expect(() => grad((x: Tensor) => square(x))(tensor([1, 2]))).toThrow(ShapeError);
  });

  it("refuses values that were updated in place after they were used", () => {
    const w = new Variable(tensor([1, 2]));
    const f = valueAndGrad((_w: readonly Tensor[]) => {
      const y = sum(square(w));
      w.assign([3, 4]);
      return y;
    });
    expect(() => f([w])).toThrow(StateError);
  });

  it("does not note what noGrad computes", () => {
    const g = grad((x: Tensor) => sum(mul(x, keep(noGrad(() => square(x))))));
    expect([...g(tensor([2, 3])).data()]).toEqual([4, 9]);
  });
});

describe("valueAndGrad", () => {
  it("returns the value, and what comes along with it", () => {
    const f = valueAndGrad((x: Tensor, factor: number) => [sum(mul(x, factor)), square(x)] as const);
    const [[loss, squares], gradient] = f(tensor([1, 2]), 5);
    expect(loss.item()).toBe(15);
    expect([...squares.data()]).toEqual([1, 4]);
    expect([...gradient.data()]).toEqual([5, 5]);
  });

  it("is checked for lists of tensors alone", () => {
    expect(() => checkGradient(cube, tensor([1]) as never)).toThrow(
      "checkGradient: inputs must be a list, got a tensor",
    );
  });

  it("agrees with central differences", () => {
    const f = (x: Tensor, w: Tensor): Tensor => sum(x.matmul(w).tanh());
    const check = checkGradient(f, [tensor([[0.1, 0.2]]), tensor([[0.3], [-0.4]])]);
    expect(check.error).toBeLessThan(1e-3);
  });
});

describe("backward", () => {
  it("adds to the gradients of trainable variables until they are zeroed", () => {
    const w = new Variable(tensor([1, 2]));
    const frozen = new Variable(tensor([3, 4]), { trainable: false });
    const loss = (): Tensor => sum(mul(square(w), frozen));
    backward(loss());
    backward(loss());
    expect([...(w.grad as Tensor).data()]).toEqual([12, 32]);
    expect(frozen.grad).toBeUndefined();
    w.zeroGrad();
    expect(w.grad).toBeUndefined();
    loss().backward();
    expect([...((w as Variable).grad as unknown as Tensor).data()]).toEqual([6, 16]);
  });
});
