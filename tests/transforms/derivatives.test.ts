// vjp, jvp, hvp, jacobian, hessian, perExampleGrad and customGrad: against derivatives worked out by hand, against each
// other, nested, captured, and what they refuse.
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  add,
  asinh,
  capture,
  customGrad,
  dropout,
  exp,
  eye,
  Generator,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  type Layer,
  layers,
  linear,
  losses,
  matmul,
  maxPool1d,
  memory,
  mul,
  neg,
  ones,
  perExampleGrad,
  Sequential,
  ShapeError,
  StateError,
  sigmoid,
  sin,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  Variable,
  vjp,
} from "../../ts/index.ts";
import { expectClose, spread } from "../layers/close.ts";

const values = (x: Tensor): number[] => [...x.data()];

/** y = tanh(x w) sin(x w), of several elements. */
const curve = (x: Tensor, w: Tensor): Tensor => {
  const z = matmul(x, w);
  return mul(tanh(z), sin(z));
};

describe("vjp", () => {
  it("is dy times the Jacobian, with the value", () => {
    const [y, dx] = vjp((x: Tensor) => square(x))(tensor([1, 2, 3]), tensor([1, 10, 100]));
    expect(values(y)).toEqual([1, 4, 9]);
    expect(values(dx)).toEqual([2, 40, 600]);
  });

  it("takes lists and records of parameters, and variables", () => {
    const w = new Variable(tensor([[1], [2]]));
    const [, { x, v }] = vjp(({ x }: { x: Tensor; v: Tensor }) => matmul(x, w))(
      { x: tensor([[3, 4]]), v: w },
      tensor([[10]]),
    );
    expect(values(x)).toEqual([10, 20]);
    expect(values(v)).toEqual([30, 40]);
  });

  it("refuses weights of another shape", () => {
    expect(() => vjp((x: Tensor) => square(x))(tensor([1, 2]), tensor([1]))).toThrow(ShapeError);
  });
});

describe("jvp", () => {
  it("is the Jacobian times the tangents, with the value", () => {
    const [y, dy] = jvp((x: Tensor) => stack([sum(square(x)), sum(x)]) as Tensor)(tensor([1, 2]), tensor([10, 1]));
    expect(values(y)).toEqual([5, 3]);
    expect(values(dy)).toEqual([24, 11]);
  });

  it("adds up what several parameters do", () => {
    const f = (p: { a: Tensor; b: Tensor }): Tensor => mul(p.a, exp(p.b));
    const tangents = { a: tensor([1, 0]), b: tensor([0, 2]) };
    const [, dy] = jvp(f)({ a: tensor([3, 4]), b: tensor([0, 0]) }, tangents);
    expect(values(dy)).toEqual([1, 8]);
  });

  it("agrees with vjp: <u, J t> = <J' u, t>", () => {
    const [x, w, t, u] = [
      [3, 4],
      [4, 2],
      [3, 4],
      [3, 2],
    ].map((shape, seed) => spread(shape, { seed }));
    const [, forward] = jvp(curve)(x, t, w);
    const [, back] = vjp(curve)(x, u, w);
    expect(sum(mul(forward, u)).item()).toBeCloseTo(sum(mul(back, t)).item(), 5);
  });

  it("is zero where the value does not depend on the parameters, and the tangents where it is they", () => {
    const [, zero] = jvp((_x: Tensor) => tensor([1, 2, 3]))(tensor([1]), tensor([1]));
    expect(values(zero)).toEqual([0, 0, 0]);
    const [, same] = jvp((x: Tensor) => x)(tensor([1, 2]), tensor([5, 6]));
    expect(values(same)).toEqual([5, 6]);
  });

  it("can be differentiated, and nested: the third derivative of x^4", () => {
    const one = tensor([1]);
    const first = (x: Tensor): Tensor => jvp((z: Tensor) => square(square(z)))(x, one)[1];
    const second = (x: Tensor): Tensor => jvp(first)(x, one)[1];
    expect(values(second(tensor([2])))).toEqual([48]);
    expect(values(grad((x: Tensor) => sum(second(x)))(tensor([2])))).toEqual([48]);
  });

  it("refuses tangents that do not fit", () => {
    expect(() => jvp((x: Tensor) => x)(tensor([1, 2]), tensor([1]))).toThrow(ShapeError);
    expect(() => jvp((x: { a: Tensor }) => x.a)({ a: tensor([1]) }, {} as { a: Tensor })).toThrow(ArgumentError);
  });
});

describe("jacobian and hessian", () => {
  it("hold all derivatives: [...y's shape, ...x's shape]", () => {
    const j = jacobian((x: Tensor) => stack([mul(sum(x), 2), sum(square(x))]) as Tensor)(tensor([[1, 2]]));
    expect(j.shape).toEqual([2, 1, 2]);
    expect(values(j)).toEqual([2, 2, 2, 4]);
  });

  it("of a linear map is its matrix", () => {
    const w = spread([3, 2]);
    expectClose(jacobian((x: Tensor) => matmul(x, w))(spread([3])).data(), w.transpose().data());
  });

  it("hessian of a quadratic form is its symmetric matrix, twice", () => {
    const a = tensor([
      [1, 2],
      [2, -3],
    ]);
    const form = (x: Tensor): Tensor => sum(mul(x, matmul(a, x)));
    expect(values(hessian(form)(tensor([0.3, 0.7])))).toEqual([2, 4, 4, -6]);
  });

  it("agree with hvp and with central differences of the gradient", () => {
    const w = spread([4, 3], { seed: 3 });
    const f = (x: Tensor): Tensor => sum(square(curve(x, w)));
    const [x, t] = [spread([2, 4], { seed: 1 }), spread([2, 4], { seed: 2 })];
    const h = hessian(f)(x);
    expect(h.shape).toEqual([2, 4, 2, 4]);
    const product = matmul(h.reshape([8, 8]), t.reshape([8]));
    expectClose(hvp(f)(x, t).data(), product.data(), { relative: 1e-4, absolute: 1e-5 });
    const step = 1e-2;
    const [above, below] = [step, -step].map((s) => grad(f)(add(x, mul(t, s))).data());
    const difference = above.map((v, i) => (v - below[i]) / (2 * step));
    expectClose(product.data(), difference, { relative: 1e-2, absolute: 1e-2 });
  });

  it("of nothing are empty, and of several lists of variables hvp takes each", () => {
    expect(jacobian((x: Tensor) => x)(tensor(new Float32Array(0))).shape).toEqual([0, 0]);
    const [a, b] = [new Variable(tensor([2])), new Variable(tensor([3]))];
    // f = a^2 b: H = [[2 b, 2 a], [2 a, 0]]
    const f = (_: readonly Tensor[]): Tensor => sum(mul(square(a), b));
    const [first, second] = hvp(f)([a, b], [tensor([1]), tensor([10])]);
    expect([first.item(), second.item()]).toEqual([6 + 40, 4]);
  });

  it("can be differentiated themselves", () => {
    const trace = (x: Tensor): Tensor => sum(mul(hessian((z: Tensor) => sum(mul(square(z), z)))(x), eye(2)));
    expect(values(grad(trace)(tensor([1, 2])))).toEqual([6, 6]);
  });

  it("free everything but their results, and replay in captured steps", () => {
    const f = (x: Tensor): Tensor => sigmoid(square(x));
    const x = tensor([0.5, -1, 2]);
    const eager = jacobian(f)(x);
    const before = memory.report().buffers;
    for (let i = 0; i < 5; i++) {
      jacobian(f)(x).dispose();
      for (const y of jvp(f)(x, x)) y.dispose();
      hvp((z: Tensor) => sum(f(z)))(x, x).dispose();
    }
    expect(memory.report().buffers).toBe(before);
    const captured = capture((z: Tensor) => jacobian(f)(z));
    for (let i = 0; i < 2; i++) expect(values(captured(x))).toEqual(values(eager));
    captured.dispose();
  });
});

describe("perExampleGrad", () => {
  const x = spread([5, 6, 6, 2], { seed: 4 });
  const labels = tensor(Int32Array.of(0, 2, 1, 1, 0));
  const network = (...extra: Layer[]): Sequential =>
    new Sequential([
      layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", inputShape: [6, 6, 2] }),
      ...extra,
      layers.flatten(),
      layers.dense({ units: 3 }),
    ]);
  const lossOf =
    (model: Sequential, training = false) =>
    (_: readonly Tensor[], images: Tensor, classes: Tensor<"i32">): Tensor =>
      losses.sparseCategoricalCrossentropy(classes, model.apply(images, { training }), { fromLogits: true });

  it("takes examples apart where one tensor is both operands of a product", () => {
    const loss = (w: Tensor, x: Tensor): Tensor => {
      const y = matmul(x, w);
      return sum(square(matmul(y, y, { transposeB: true })));
    };
    const [w, x] = [spread([3, 3]), spread([5, 3])];
    const each = perExampleGrad(loss)(w, x);
    for (let i = 0; i < 5; i++) {
      const alone = grad((p: Tensor) => loss(p, x.slice([i, 0], [1, 3])))(w);
      expectClose(each.slice([i, 0, 0], [1, 3, 3]).data(), alone.data());
    }
  });

  it("gives each example's gradient, whose mean is the batch's", () => {
    const model = network();
    model.apply(x);
    const weights = model.trainableWeights;
    const each = perExampleGrad(lossOf(model))(weights, x, labels);
    const whole = grad((p: readonly Tensor[]) => lossOf(model)(p, x, labels))(weights);
    const third = grad((p: readonly Tensor[]) =>
      lossOf(model)(p, x.slice([2, 0, 0, 0], [1, -1, -1, -1]), labels.slice([2], [1])),
    )(weights);
    each.forEach((gradients, k) => {
      expect(gradients.shape).toEqual([5, ...weights[k].shape]);
      expectClose(gradients.mean(0).data(), whole[k].data(), { relative: 1e-4, absolute: 1e-6 });
      const row = gradients.slice([2, ...weights[k].shape.map(() => 0)], [1, ...weights[k].shape.map(() => -1)]);
      expectClose(row.data(), third[k].data(), { relative: 1e-4, absolute: 1e-6 });
    });
  });

  it("runs dense and convolutional networks once, others once for each example", () => {
    const runs = (loss: (p: Tensor, x: Tensor) => Tensor): number => {
      let count = 0;
      const counted = (p: Tensor, one: Tensor): Tensor => {
        count++;
        return loss(p, one);
      };
      perExampleGrad(counted)(spread([3, 2]), spread([7, 3])).dispose();
      return count;
    };
    expect(runs((w, one) => sum(square(matmul(one, w))))).toBe(1);
    expect(runs((w, one) => neg(sum(tanh(matmul(one, w)), [0, 1])))).toBe(1);
    expect(runs((w, one) => sum(asinh(matmul(one, w).max(1))))).toBe(1);
    expect(runs((w, one) => sum(maxPool1d(matmul(one, w).reshape([-1, 2, 1]))))).toBe(1);
    expect(runs((w, one) => sum(matmul(one.at(":, ::-1"), w)))).toBe(1);
    // One attempt, then seven examples: the weights are used in a way, or the total is, that is not known.
    expect(runs((w, one) => sum(matmul(one, square(w))))).toBe(8);
    expect(runs((w, one) => mul(sum(matmul(one, w)), 1 / one.shape[0]))).toBe(8);
  });

  it.each<[string, (p: readonly Tensor[], x: Tensor) => Tensor]>([
    [
      "a mean of rows",
      ([w, b], one) =>
        tanh(add(matmul(one, w), 0))
          .mul(linear(one, w, b))
          .mean(),
    ],
    ["a product with weights transposed", ([w], one) => sum(square(matmul(one, w, { transposeB: true })))],
    ["weights used twice", ([w, b], one) => sum(linear(sigmoid(linear(one, w, b)), w, b).square())],
    [
      "positions",
      ([w, b], one) =>
        linear(one.reshape([one.shape[0], 1, 4]), w, b)
          .softmax()
          .square()
          .mean(),
    ],
    ["a scaled sum of all", ([w], one) => mul(sum(exp(matmul(one, w))), 1 / one.shape[0])],
    ["weights in elementwise ops", ([w, b], one) => sum(square(add(matmul(one, w), mul(b, b))))],
    ["a batch whose mean is taken off", ([w], one) => sum(square(matmul(sub(one, one.mean(0, true)), w)))],
  ])("agrees with each example alone: %s", (_title, loss) => {
    const parameters = [spread([4, 4], { seed: 5 }), spread([4], { seed: 6 })];
    const x = spread([6, 4], { seed: 7 });
    const each = perExampleGrad(loss)(parameters, x);
    for (let i = 0; i < 6; i++) {
      const alone = grad(loss)(parameters, x.slice([i, 0], [1, 4])) as Tensor[];
      alone.forEach((gradient, k) => {
        const row = each[k].slice([i, ...gradient.shape.map(() => 0)], [1, ...gradient.shape]);
        expectClose(row.data(), gradient.data(), { relative: 1e-4, absolute: 1e-6 });
      });
    }
  });

  it("leaves statistics and random streams as the examples alone leave them", () => {
    const generator = new Generator(3);
    const loss = (w: Tensor, one: Tensor): Tensor => sum(matmul(dropout(one, 0.5, { generator }), w));
    const each = perExampleGrad(loss)(ones([8, 1]), ones([3, 8]));
    const same = new Generator(3);
    const drawn = [0, 1, 2].map(() => [...dropout(ones([1, 8]), 0.5, { generator: same }).data()]);
    expect([...each.data()]).toEqual(drawn.flat());
    expect([...generator.state.data()]).toEqual([...same.state.data()]);
  });

  it("takes each example alone where a batch's examples act on each other", () => {
    const model = network(layers.batchNormalization());
    model.apply(x);
    const weights = model.trainableWeights;
    const each = perExampleGrad(lossOf(model, true))(weights, x, labels);
    const first = grad((p: readonly Tensor[]) =>
      lossOf(model, true)(p, x.slice([0, 0, 0, 0], [1, -1, -1, -1]), labels.slice([0], [1])),
    )(weights);
    each.forEach((gradients, k) => {
      const row = gradients.slice([0, ...weights[k].shape.map(() => 0)], [1, ...weights[k].shape.map(() => -1)]);
      expectClose(row.data(), first[k].data(), { relative: 1e-4, absolute: 1e-6 });
    });
  });

  it("refuses batches of different sizes, and none", () => {
    const loss = (p: Tensor, a: Tensor, b: Tensor): Tensor => sum(mul(p, add(sum(a), sum(b))));
    expect(() => perExampleGrad(loss)(tensor(1), tensor([1, 2]), tensor([1]))).toThrow(ShapeError);
    expect(() => perExampleGrad((p: Tensor) => p)(tensor(1))).toThrow(ArgumentError);
  });
});

describe("customGrad", () => {
  it("takes the gradient it is given: straight through a step", () => {
    const straight = customGrad(
      (x: Tensor) => x.greater(0).cast("f32") as Tensor,
      (dy) => dy,
    );
    expect(values(straight(tensor([-1, 2])))).toEqual([0, 1]);
    expect(values(grad((x: Tensor) => sum(mul(straight(x), x)))(tensor([-1, 2])))).toEqual([-1, 3]);
  });

  it("turns gradients round without touching the value, also where the result is the argument", () => {
    const reverse = customGrad(
      (x: Tensor) => x,
      (dy) => neg(dy),
    );
    const x = tensor([1, 2]);
    expect(values(reverse(x))).toEqual([1, 2]);
    expect(values(grad((z: Tensor) => sum(square(reverse(z))))(x))).toEqual([-2, -4]);
  });

  it("hands on dy, the value and the arguments, a gradient for each", () => {
    const product = customGrad(
      (a: Tensor, b: Tensor, factor: number) => mul(mul(a, b), factor),
      (dy, y, a, b, factor) => [mul(dy, mul(b, factor)), mul(dy, sub(y, mul(mul(a, b), factor - 1)))],
    );
    const bad = (): unknown => grad(([a, b]: readonly Tensor[]) => sum(product(a, b, 3)))([tensor([2]), tensor([5])]);
    expect(bad).toThrow(StateError);
    const good = customGrad(
      (a: Tensor, b: Tensor) => mul(a, b),
      (dy, y, a, b) => [mul(dy, b), sub(mul(dy, a), mul(y, 0))],
    );
    const [da, db] = grad(([a, b]: readonly Tensor[]) => sum(good(a, b)))([tensor([2]), tensor([5])]);
    expect([da.item(), db.item()]).toEqual([5, 2]);
  });

  it("has second derivatives by its own gradient", () => {
    const cube = customGrad(
      (x: Tensor) => mul(square(x), x),
      (dy, _y, x) => mul(dy, mul(square(x), 3)),
    );
    expect(values(hessian((x: Tensor) => sum(cube(x)))(tensor([1, 2])))).toEqual([6, 0, 0, 12]);
  });
});
