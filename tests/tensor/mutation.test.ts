// Arrays that were passed may be used on: what was made of them does not change with them.
import { expect, it } from "vitest";
import {
  add,
  backward,
  broadcastTo,
  concat,
  full,
  matmul,
  mul,
  ones,
  randomNormal,
  reshape,
  sum,
  type Tensor,
  tensor,
  transpose,
  type Variable,
  valueAndGrad,
  variable,
  zeros,
} from "../../ts/index.ts";

it.each<[string, (shape: number[]) => Tensor]>([
  ["zeros", (shape) => zeros(shape)],
  ["ones", (shape) => ones(shape)],
  ["full", (shape) => full(shape, 3)],
  ["tensor", (shape) => tensor([1, 2, 3, 4], { shape })],
  ["reshape", (shape) => reshape(tensor([1, 2, 3, 4]), shape)],
  ["broadcastTo", (shape) => broadcastTo(ones([1]), shape)],
  ["randomNormal", (shape) => randomNormal(shape)],
  ["variable", (shape) => variable(zeros(shape))],
])("%s has the shape that it was given then", (_name, make) => {
  const shape = [4];
  const x = make(shape);
  shape[0] = 64;
  shape.push(64);
  expect([x.shape, x.data().length, add(x, 1).shape]).toEqual([[4], 4, [4]]);
});

it("an assignment never writes past a variable", () => {
  const shape = [4];
  const v = variable(zeros(shape));
  shape[0] = 64;
  expect(() => v.assign(full([64], 7))).toThrow("must keep its shape [4], got [64]");
});

it("gradients use the lists and options that the op was given", () => {
  const [a, b] = [variable(tensor([1, 2])), variable(tensor([3, 4]))];
  const list = [a, b];
  const joined = concat(list);
  list.length = 1;
  backward(sum(mul(joined, tensor([1, 2, 3, 4]))));
  expect([a, b].map((v) => [...(v.grad as Tensor).data()])).toEqual([
    [1, 2],
    [3, 4],
  ]);
  const w = variable(tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] }));
  const options = { transposeB: true };
  const product = matmul(ones([1, 3]), w, options);
  options.transposeB = false;
  const order = [1, 0];
  const transposed = transpose(w, order);
  order.reverse();
  backward(
    add(
      sum(mul(product, tensor([[1, 2]]))),
      sum(
        mul(
          transposed,
          tensor([
            [1, 0],
            [0, 0],
            [0, 5],
          ]),
        ),
      ),
    ),
  );
  expect((w.grad as Tensor).array()).toEqual([
    [2, 1, 1],
    [2, 2, 7],
  ]);
});

it.each<[string, (x: Tensor) => unknown]>([
  ["an op", (x) => add(x, 1)],
  ["a product", (x) => matmul(x, ones([64, 2]))],
  ["data", (x) => x.data()],
  ["array", (x) => x.array()],
  ["text", (x) => String(x)],
  ["write", (x) => x.write(new Float32Array(4))],
  ["assign", (x) => (x as Variable).assign(full([2, 64], 7))],
  ["an operand of assign", (x) => variable(zeros([2, 64])).assign(x)],
  ["a gradient", (x) => valueAndGrad((v: Variable) => sum(v))(x as Variable)],
])("a shape that somebody wrote into is an error before memory is touched: %s", (_name, use) => {
  const x = variable(zeros([2, 2]));
  const neighbour = full([64], 42);
  (x.shape as number[])[1] = 64;
  expect(() => use(x)).toThrow(
    "tensor: its shape must stay as it was made, for 4 elements, got one that was changed to shape [2, 64]",
  );
  expect(neighbour.data().every((value) => value === 42)).toBe(true);
});
