// What is no function, tensor, gradient or set of parameters, wherever derivatives are asked for: a typed error.
import { expect, it } from "vitest";
import * as h from "../../ts/index.ts";

type Loose = (...args: unknown[]) => unknown;
const x = h.tensor([1, 2]);
const loss = (y: h.Tensor): h.Tensor => h.sum(h.square(y));
const same = (y: unknown): unknown => y;
const loose = (f: unknown): Loose => f as Loose;
const called = (f: unknown, ...args: unknown[]): unknown => (f as Loose)(...args);

const odd: { readonly [name: string]: unknown } = {
  null: null,
  text: "0",
  "a symbol": Symbol("one"),
  "a big integer": 1n,
  "a promise": Promise.resolve(1),
  "a map": new Map(),
  "a list of nothing": [undefined],
  "a list of text": ["0"],
  integers: h.zeros([2], "i32"),
};

const uses: { readonly [name: string]: (value: unknown) => unknown } = {
  "the function of grad": (value) => called(h.grad, value),
  "the parameters of grad": (value) => called(loose(h.grad)(loss), value),
  "the loss of grad": (value) =>
    called(
      loose(h.grad)(() => value),
      x,
    ),
  "the variables of valueAndGrad": (value) => called(h.valueAndGrad, value, () => loss(x)),
  "the parameters of vjp": (value) => called(loose(h.vjp)(same), value, x),
  "the dy of vjp": (value) => called(loose(h.vjp)(same), x, value),
  "the result of vjp": (value) =>
    called(
      loose(h.vjp)(() => value),
      x,
      x,
    ),
  "the tangents of jvp": (value) => called(loose(h.jvp)(same), x, value),
  "the tangents of jvp of a list": (value) =>
    called(
      loose(h.jvp)(([y]: h.Tensor[]) => y),
      [x],
      value,
    ),
  "the result of jvp": (value) =>
    called(
      loose(h.jvp)(() => value),
      x,
      x,
    ),
  "the tangents of hvp": (value) => called(loose(h.hvp)(loss), x, value),
  "the result of jacobian": (value) =>
    called(
      loose(h.jacobian)(() => value),
      x,
    ),
  "the x of hessian": (value) => called(loose(h.hessian)(loss), value),
  "the loss of backward": (value) => called(h.backward, value),
  "the function of checkGradient": (value) => called(h.checkGradient, value, [x]),
  "the inputs of checkGradient": (value) => called(h.checkGradient, loss, value),
  "the step of checkGradient": (value) => called(h.checkGradient, loss, [h.tensor([1])], value),
  "the function of customGrad": (value) => called(h.customGrad, value, same),
  "the result of customGrad": (value) =>
    called(
      loose(h.customGrad)(() => value, same),
      x,
    ),
  "the gradient of customGrad": (value) => {
    const f = loose(h.customGrad)(h.square, () => value) as (y: h.Tensor) => h.Tensor;
    return h.grad((y: h.Tensor) => h.sum(f(y)))(x);
  },
  "the function of checkpoint": (value) => called(h.checkpoint, value),
  "what an op is defined by": (value) => called(h.defineOp, "own", value),
  "the forward of an op": (value) => called(h.defineOp, "own", { forward: value }),
  "the gradients of an op": (value) => called(h.defineOp, "own", { forward: same, gradients: value }),
  "what an op returns": (value) => called(loose(h.defineOp)("own", { forward: () => value })),
  "what an op's gradients return": (value) => {
    const f = loose(h.defineOp)("own", { forward: h.square, gradients: () => value }) as (y: h.Tensor) => h.Tensor;
    return h.grad((y: h.Tensor) => h.sum(f(y)))(x);
  },
  "what an op's gradient returns": (value) => {
    const own = { forward: h.square, gradients: [() => value] };
    const f = loose(h.defineOp)("own", own) as (y: h.Tensor) => h.Tensor;
    return h.grad((y: h.Tensor) => h.sum(f(y)))(x);
  },
  "what a variable begins with": (value) => called(h.variable, value),
  "what a variable is set to": (value) => called(h.variable(x).assign.bind(h.variable(x)), value),
  "the seed of a generator": (value) => new h.Generator(value as number),
};

it.each(Object.entries(uses))("%s", (use, f) => {
  for (const [what, value] of Object.entries(odd)) {
    // Tensors are right there, and lists are: what a list holds is looked at where it is used.
    if (what === "integers" && /^(what an op returns|the result of customGrad|what a variable begins)/.test(use))
      continue;
    if (what === "a list of nothing" && /gradient (of customGrad|returns?)|gradients? return/.test(use)) continue;
    if (what === "a list of nothing" && use === "the gradients of an op") continue;
    let error: unknown;
    try {
      f(value);
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error), what).toMatch(/^(Argument|Dtype|Shape|State)Error: \w+: /);
  }
});
