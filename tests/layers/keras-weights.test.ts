// Constraints, regularizers and what initializers draw like, against Keras.
import { describe, expect, it } from "vitest";
import { type ConstraintName, getConstraint } from "../../ts/layers/constraints.ts";
import { getInitializer, type InitializerName } from "../../ts/layers/initializers.ts";
import { l1, l1l2, l2, orthogonal, type Regularizer } from "../../ts/layers/regularizers.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { readGolden } from "../golden/read.ts";
import { expectClose } from "./close.ts";

interface Options {
  min_value?: number;
  max_value?: number;
  rate?: number;
  axis?: number | number[];
}

const golden = readGolden("keras-weights") as {
  weight: number[][];
  constraints: Record<string, { options: Options; after: number[] }>;
  regularizers: Record<string, [number]>;
  shape: number[];
  initializers: Record<InitializerName, [deviation: number, largest: number]>;
};

const weight = tensor(golden.weight);

describe("constraints", () => {
  it.each(Object.entries(golden.constraints))("%s", (title, { options, after }) => {
    const name = title.split(" ")[0] as ConstraintName;
    const { min_value: minValue, max_value: maxValue, ...same } = options;
    const given = Object.entries({ minValue, maxValue, ...same }).filter(([, value]) => value !== undefined);
    const constraint = getConstraint({ name, ...Object.fromEntries(given) });
    expectClose(constraint(weight).data(), after, { relative: 1e-5 });
  });
});

describe("regularizers", () => {
  const ours: Record<string, Regularizer> = {
    l1: l1(0.1),
    l2: l2(0.1),
    l1l2: l1l2({ l1: 0.1, l2: 0.2 }),
    orthogonal: orthogonal(),
    "orthogonal columns": orthogonal({ factor: 0.5, mode: "columns" }),
  };
  it.each(Object.entries(golden.regularizers))("%s", (name, [value]) => {
    expectClose([ours[name](weight).item()], [value], { relative: 1e-5 });
  });
});

describe("initializers", () => {
  it.each(Object.entries(golden.initializers))("%s draws as widely as Keras's", (name, [deviation, largest]) => {
    const values = getInitializer({ name: name as InitializerName, seed: 4 })(golden.shape).data();
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(Math.abs(Math.sqrt(variance) / deviation - 1)).toBeLessThan(0.015);
    // The extremes of a normal distribution that is not cut off vary.
    const reach = name === "randomNormal" || name === "orthogonal" ? 0.3 : 0.01;
    expect(Math.abs(Math.max(...values.map(Math.abs)) / largest - 1)).toBeLessThan(reach);
  });
});
