// Functions that are called with something switched on must be synchronous: a promise is an error at once, and what then
// becomes of it harms nobody.
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  ArgumentError,
  capture,
  checkGradient,
  checkpoint,
  customGrad,
  detectAnomaly,
  exp,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  layers,
  log,
  noGrad,
  ones,
  perExampleGrad,
  profile,
  scope,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
} from "../../ts/index.ts";

const unheard: unknown[] = [];
const hear = (reason: unknown): void => void unheard.push(reason);

beforeAll(() => void process.on("unhandledRejection", hear));
afterAll(() => void process.off("unhandledRejection", hear));

/** Fails a little later, as a function does whose tensors were freed meanwhile. */
async function late(): Promise<never> {
  await Promise.resolve();
  throw new RangeError("late");
}

const f = late as unknown as (...args: unknown[]) => Tensor;
const x = tensor([1, 2]);

it.each<[string, () => unknown]>([
  ["scope", () => scope(f)],
  ["noGrad", () => noGrad(f)],
  ["capture", () => capture(f)(x)],
  ["a captured step in another", () => capture((x: Tensor) => capture(f)(x))(x)],
  ["valueAndGrad", () => valueAndGrad(f)(x)],
  ["grad", () => grad(f)(x)],
  ["vjp", () => vjp(f)(x, ones([2]))],
  ["jvp", () => jvp(f)(x, ones([2]))],
  ["hvp", () => hvp(f)(x, ones([2]))],
  ["jacobian", () => jacobian(f)(x)],
  ["hessian", () => hessian(f)(x)],
  ["perExampleGrad", () => perExampleGrad(f)(x, ones([2, 2]))],
  ["checkGradient", () => checkGradient(f, [x])],
  ["checkpoint", () => checkpoint(f)(x)],
  ["checkpoint without gradients", () => noGrad(() => checkpoint(f)(x))],
  ["customGrad", () => customGrad(f as (x: Tensor) => Tensor, (dy) => dy)(x)],
  ["the gradient of customGrad", () => grad((x: Tensor) => sum(customGrad((x: Tensor) => exp(x), f)(x)))(x)],
  ["a layer", () => layers.lambda({ function: f as never }).apply(ones([1, 2]))],
])("%s refuses a promise, whose failure is heard", async (_name, call) => {
  expect(call).toThrow(ArgumentError);
  expect(call).toThrow("must be synchronous");
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(unheard).toEqual([]);
});

it("leaves nothing switched on", async () => {
  const off = (): Promise<Tensor> => noGrad(async () => exp(x));
  expect(off).toThrow(ArgumentError);
  expect([...grad((x: Tensor) => sum(log(x)))(x).data()]).toEqual([1, 0.5]);
});

it.each<[string, (f: never) => unknown]>([
  ["scope", scope],
  ["noGrad", noGrad],
  ["capture", capture],
  ["valueAndGrad", valueAndGrad],
  ["grad", grad],
  ["vjp", vjp],
  ["jvp", jvp],
  ["hvp", hvp],
  ["jacobian", jacobian],
  ["hessian", hessian],
  ["perExampleGrad", perExampleGrad],
  ["checkpoint", checkpoint],
  ["customGrad", (f) => customGrad(f, f)],
  ["detectAnomaly", detectAnomaly],
  ["profile", profile],
])("%s refuses what is no function at once", (_name, take) => {
  for (const f of [null, undefined, 5]) expect(() => take(f as never)).toThrow(ArgumentError);
});

it("capture refuses promises inside what a step returns, and nobody hears of their failure", async () => {
  const step = capture((() => ({ a: Promise.reject(new Error("late")) })) as never);
  expect(() => (step as () => unknown)()).toThrow("must be synchronous");
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(unheard).toEqual([]);
});
