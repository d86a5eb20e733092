// Derives from each row of the op table: value, gradient, second gradient, captured = eager, and the same bits for any
// number of threads and any split. Gradients are compared with central differences of the float64 reference.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { grad } from "../../ts/autograd/grad.ts";
import { add, mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { configure } from "../../ts/runtime/engine.ts";
import { splitting } from "../../ts/runtime/splitting.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Dtype } from "../../ts/tensor/dtype.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import type { Case, Input } from "./cases/case.ts";
import { cases } from "./cases/index.ts";
import { type NdArray, numbers, sizeOf } from "./reference.ts";

const DIFFERENCE_STEP = 1e-5;
const MOST_ELEMENTS = 100;
const SECOND_STEP = 1e-2;
const SECOND_TOLERANCE = 3e-2;
const usual = { ...splitting };
configure({ threads: 2 });

function makeInputs(inputs: readonly Input[]): NdArray[] {
  return inputs.map(({ shape, dtype = "f32", low = -2, high = 2, values }, i) => {
    const spread = values ? Float64Array.from(values, Math.fround) : numbers(sizeOf(shape), low, high, i + 1);
    return { shape, data: dtype === "f32" ? spread : spread.map(Math.floor) };
  });
}

function toTensors(row: Case, arrays: readonly NdArray[]): Tensor[] {
  return arrays.map(({ shape, data }, i) => {
    const dtype: Dtype = row.inputs[i].dtype ?? "f32";
    return tensor(dtype === "f32" ? Float32Array.from(data) : Array.from(data), { shape, dtype }) as Tensor;
  });
}

const call = (row: Case, inputs: readonly Tensor[]): AnyTensor => row.run(...(inputs as never[]));

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i], expected[i]];
    const error = Math.abs(a - b) / (1 + Math.abs(b));
    if (!(Object.is(a, b) || a === b || error <= tolerance)) {
      expect.fail(`element ${i}: expected ${b}, got ${a} (error ${error}, allowed ${tolerance})`);
    }
  }
}

/** Elements whose differences are taken: all of a small input, MOST_ELEMENTS spread over a large one. */
function sampled(size: number): number[] {
  const count = Math.min(size, MOST_ELEMENTS);
  return Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}

/** d(sum of weights * reference) / d(input) at the given elements, by central differences in float64. */
function differences(
  row: Case,
  arrays: readonly NdArray[],
  input: number,
  elements: readonly number[],
  weights: Float64Array,
): number[] {
  const weighted = (): number => row.reference(...arrays).data.reduce((s, v, i) => s + v * weights[i], 0);
  const { data } = arrays[input];
  return elements.map((element) => {
    const value = data[element];
    const h = DIFFERENCE_STEP * (1 + Math.abs(value));
    data[element] = value + h;
    const above = weighted();
    data[element] = value - h;
    const below = weighted();
    data[element] = value;
    return (above - below) / (2 * h);
  });
}

/** A test for the rows that it applies to; for the others there is none. */
const onlyIf = (applies: boolean) => (title: string, test: () => void) => {
  if (applies) it(title, test);
};

const bits = (x: AnyTensor): Uint8Array => new Uint8Array(x.data().slice().buffer);

describe.each(Object.entries(cases))("%s", (_name, rows) => {
  describe.each(rows.map((row, i) => [row.name ?? `row ${i + 1}`, row] as const))("%s", (_title, row) => {
    const arrays = makeInputs(row.inputs);
    const wanted = row.gradients ?? row.inputs.flatMap(({ dtype = "f32" }, i) => (dtype === "f32" ? [i] : []));
    const expected = row.reference(...arrays);
    const weights = numbers(expected.data.length, 0.5, 1.5, 99);
    /** The scalar whose gradient is taken: the weighted sum of the result. */
    const weighted = (inputs: readonly Tensor[]): Tensor => {
      const y = call(row, inputs) as Tensor;
      return sum(mul(y, tensor(Float32Array.from(weights), { shape: y.shape })));
    };
    const gradients = (inputs: readonly Tensor[]): Tensor[] =>
      grad((xs: readonly Tensor[]) => {
        const all = [...inputs];
        for (const [k, i] of wanted.entries()) all[i] = xs[k];
        return weighted(all);
      })(wanted.map((i) => inputs[i])) as Tensor[];

    it("has the value of the reference", () => {
      const y = call(row, toTensors(row, arrays));
      expect(y.shape).toEqual(expected.shape);
      expectClose(y.data(), expected.data, row.tolerance ?? 2e-6);
    });

    onlyIf(wanted.length > 0)("has the gradient of the reference", () => {
      const found = gradients(toTensors(row, arrays));
      for (const [k, i] of wanted.entries()) {
        const elements = sampled(arrays[i].data.length);
        const gradient = found[k].data();
        const difference = differences(row, arrays, i, elements, weights);
        expectClose(
          elements.map((element) => gradient[element]),
          difference,
          row.gradientTolerance ?? 1e-4,
        );
      }
    });

    onlyIf(wanted.length > 0 && row.second !== false && expected.data.length > 0)(
      "has a gradient of the gradient",
      () => {
        const inputs = toTensors(row, arrays);
        const directions = wanted.map((i) => Float32Array.from(numbers(inputs[i].size, -1, 1, 7 + i)));
        const product = grad((xs: readonly Tensor[]) => {
          const all = [...inputs];
          for (const [k, i] of wanted.entries()) all[i] = xs[k];
          const parts = gradients(all).map((g, k) => sum(mul(g, tensor(directions[k], { shape: g.shape }))));
          return parts.reduce((a, b) => add(a, b));
        })(wanted.map((i) => inputs[i])) as Tensor[];
        const moved = (sign: number): Tensor[] => {
          const shifted = arrays.map(({ shape, data }, i) => {
            const k = wanted.indexOf(i);
            return { shape, data: k < 0 ? data : data.map((v, j) => v + sign * SECOND_STEP * directions[k][j]) };
          });
          return gradients(toTensors(row, shifted));
        };
        const above = moved(1);
        const below = moved(-1);
        product.forEach((p, k) => {
          const low = below[k].data();
          const difference = above[k].data().map((v, j) => (v - low[j]) / (2 * SECOND_STEP));
          expectClose(p.data(), difference, SECOND_TOLERANCE);
        });
      },
    );

    onlyIf(row.repeatable !== false)("replays as it runs eagerly, bit for bit", () => {
      const inputs = toTensors(row, arrays);
      const eager = call(row, inputs);
      const captured = capture((...xs: AnyTensor[]) => call(row, xs as Tensor[]));
      for (let i = 0; i < 3; i++) expect(bits(captured(...inputs))).toEqual(bits(eager));
      captured.dispose();
    });

    onlyIf(row.repeatable !== false)("has the same bits for any split over threads", () => {
      const inputs = toTensors(row, arrays);
      const results = () => [call(row, inputs), ...(wanted.length > 0 ? gradients(inputs) : [])].map(bits);
      splitting.parallelNanoseconds = Number.POSITIVE_INFINITY;
      const alone = results();
      splitting.parallelNanoseconds = 0;
      for (const chunk of [0, 3, 40]) {
        splitting.chunkNanoseconds = chunk;
        expect(results()).toEqual(alone);
      }
      Object.assign(splitting, usual);
    });
  });
});
