// Losses as plain JSON: by name and options, and made again from them.
import { expect, it } from "vitest";
import all from "../../ts/generated/losses.ts";
import * as losses from "../../ts/losses/index.ts";
import { sub } from "../../ts/ops/arithmetic.ts";
import { abs } from "../../ts/ops/elementwise.ts";
import { tensor } from "../../ts/tensor/create.ts";

const exported = new Map(Object.entries<unknown>(losses));
const names = Object.keys(all) as losses.LossName[];

it.each(names)("%s is found by its name, which is that of its export", (name) => {
  const loss = losses.getLoss(name) as losses.LossFunction;
  expect(exported.get(name)).toBe(loss);
  // Another name gives the same loss.
  expect(loss.kind === name || losses.getLoss(loss.kind as losses.LossName) === loss).toBe(true);
  expect(loss.config()).toEqual({});
  expect(losses.fromConfig(name)).toBe(loss);
  expect(losses.fromConfig({ kind: name })).toBe(loss);
});

it("options travel with a loss", () => {
  const loss = losses.huber.with({ delta: 2, reduction: "sum" });
  const { kind, config } = JSON.parse(JSON.stringify({ kind: loss.kind, config: loss.config() }));
  expect({ kind, config }).toEqual({ kind: "huber", config: { delta: 2, reduction: "sum" } });
  const again = losses.fromConfig({ kind, config });
  const [t, p] = [tensor([1, 2]), tensor([4, 2.5])];
  expect(again(t, p).item()).toBe(loss(t, p).item());
  expect(again.config()).toEqual(config);
});

it("a loss of one's own is found once it is defined", () => {
  expect(() => losses.fromConfig("gap")).toThrow("loss: the name must be one of");
  const gap = losses.defineLoss("gap", (t, p) => abs(sub(p, t as never)));
  expect(losses.fromConfig("gap")).toBe(gap);
  expect(losses.getLoss("gap" as never)).toBe(gap);
});

it.each([
  [{ kind: "huber", config: { epsilon: 2 } }, "huber: unknown option epsilon"],
  [{ kind: "huber", options: {} }, "loss: unknown option options, known are kind, config"],
  [{}, "loss: the name must be one of"],
  [7, "loss: options must be { kind, config }, got 7"],
  [null, "loss: options must be { kind, config }, got null"],
])("%j is refused", (config, message) => {
  expect(() => losses.fromConfig(config as never)).toThrow(message);
  expect(() => losses.fromConfig(config as never)).toThrow(expect.objectContaining({ name: "ArgumentError" }));
});

it("tensors among the options cannot be written", () => {
  const loss = losses.circle.with({ refEmbeddings: tensor([[1, 0]]) });
  expect(() => loss.config()).toThrow("circle: to be saved or sent, refEmbeddings must be plain values");
});
