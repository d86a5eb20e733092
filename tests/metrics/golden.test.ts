// Metrics against Keras, after one and after two batches, eagerly and as captured steps: tests/golden/metrics.py.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import * as losses from "../../ts/losses/index.ts";
import * as metrics from "../../ts/metrics/index.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose } from "../layers/close.ts";

interface Row {
  readonly metric: string;
  readonly arguments: readonly number[];
  readonly options: Record<string, unknown>;
  readonly batches: readonly { readonly yTrue: Values; readonly yPred: Values; readonly sampleWeight?: Values }[];
  readonly results: readonly Values[];
}

const rows: readonly Row[] = readGolden("metrics");

/** Figures that Keras calls otherwise than by a small first letter. */
const renamed: Record<string, string> = { KLDivergence: "klDivergence", LogCoshError: "logCosh" };

/** What Keras takes by position. */
const positional: Record<string, string> = {
  SensitivityAtSpecificity: "specificity",
  SpecificityAtSensitivity: "sensitivity",
  PrecisionAtRecall: "recall",
  RecallAtPrecision: "precision",
};

/** A class of that name, or the mean of the figure of that name. */
function metricOf({ metric, arguments: given, options }: Row): metrics.Metric<number | number[]> {
  const known = metrics as unknown as Record<string, new (...args: unknown[]) => metrics.Metric<number | number[]>>;
  if (metric in known)
    return new known[metric]({ ...(given.length > 0 && { [positional[metric]]: given[0] }), ...options });
  const name = renamed[metric] ?? metric[0].toLowerCase() + metric.slice(1);
  const figures = { ...losses, ...metrics } as unknown as Record<string, metrics.Figure>;
  return new metrics.MeanMetric(metric, figures[name], options);
}

const listOf = (result: number | number[]): number[] => (typeof result === "number" ? [result] : result);

describe("metrics agree with Keras", () => {
  const titled = rows.map((row, i) => {
    const weighted = row.batches[0].sampleWeight ? " weighted" : "";
    const given = `${row.arguments} ${JSON.stringify(row.options)}`;
    return [`${i} ${row.metric} ${given} ${row.batches[0].yPred.shape}${weighted}`, row] as const;
  });
  it.each(titled)("%s", (_title, row) => {
    const eager = metricOf(row);
    const stepped = metricOf(row);
    const step = capture((y: AnyTensor, p: AnyTensor, w?: AnyTensor) => stepped.update(y, p, w as Tensor | undefined));
    row.batches.forEach(({ yTrue, yPred, sampleWeight }, i) => {
      const batch = [toTensor(yTrue), toTensor(yPred), sampleWeight && toTensor(sampleWeight)] as const;
      eager.update(...batch);
      step(...batch);
      const expected = row.results[i].data;
      expectClose(listOf(eager.result()), expected, { absolute: 3e-6 });
      expect(stepped.result()).toEqual(eager.result());
    });
    eager.reset();
    const [{ yTrue, yPred, sampleWeight }] = row.batches;
    eager.update(toTensor(yTrue), toTensor(yPred), sampleWeight && toTensor(sampleWeight));
    expectClose(listOf(eager.result()), row.results[0].data, { absolute: 3e-6 });
    for (const metric of [eager, stepped]) metric.dispose();
  });
});
