// Lists among options stay their owner's: what becomes of them later reaches no metric, loss, schedule or optimizer.
import { expect, it } from "vitest";
import { losses, metrics, ones, optimizers, schedules, tensor, variable } from "../../ts/index.ts";

const yTrue = tensor([
  [1, 0],
  [0, 1],
  [1, 1],
]);
const yPred = tensor([
  [0.9, 0.2],
  [0.3, 0.6],
  [0.4, 0.8],
]);

function spoil(list: unknown[]): void {
  list.reverse().fill(0.9).push(0);
}

it.each<[string, (list: never) => metrics.Metric, number[]]>([
  ["thresholds of precision", (thresholds) => new metrics.Precision({ thresholds }), [0.3, 0.5]],
  ["thresholds of an AUC", (thresholds) => new metrics.AUC({ thresholds }), [0.3, 0.5]],
  ["labelWeights", (labelWeights) => new metrics.AUC({ multiLabel: true, labelWeights }), [1, 3]],
  ["targetClassIds", (targetClassIds) => new metrics.IoU({ numClasses: 2, targetClassIds, sparseYPred: true }), [1]],
  ["targetClassIds of two classes", (targetClassIds) => new metrics.BinaryIoU({ targetClassIds }), [1]],
])("%s", (_, make, list) => {
  const clean = make([...list] as never);
  const metric = make(list as never);
  spoil(list);
  const given = _ === "targetClassIds" ? [tensor([0, 1, 1]), tensor([0, 1, 0])] : [yTrue, yPred];
  for (const one of [clean, metric]) one.update(given[0], given[1]);
  expect(metric.result()).toEqual(clean.result());
});

it("axes of a loss", () => {
  const axis = [1];
  const loss = losses.dice.with({ axis });
  const before = loss(yTrue, yPred).item();
  axis[0] = 0;
  axis.push(1);
  expect(loss(yTrue, yPred).item()).toBe(before);
});

it("steps and rates of a schedule", () => {
  const [boundaries, values] = [[2], [0.5, 0.25]];
  const schedule = schedules.piecewiseConstantDecay({ boundaries, values });
  spoil(boundaries);
  spoil(values);
  expect([2, 3].map((step) => schedule(tensor(step)).item())).toEqual([0.5, 0.25]);
});

it("the variables of a group", () => {
  const v = variable(ones([1]));
  const variables = [v];
  const sgd = optimizers.sgd({ learningRate: 1, groups: [{ variables, learningRateMultiplier: 0.5 }] });
  variables.pop();
  sgd.step([v], [ones([1])]);
  expect(v.item()).toBe(0.5);
});
