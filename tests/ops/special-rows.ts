// Tables of values and gradients at special points, made by PyTorch or NumPy, walked eagerly and captured: what differs
// must be a difference that is said, and each that is said must be met.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { grad } from "../../ts/autograd/grad.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { tensor } from "../../ts/tensor/create.ts";
import type { Dtype } from "../../ts/tensor/dtype.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";
import { readGolden } from "../golden/read.ts";

interface Values {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  /** NaN, infinities and -0 are text. */
  readonly data: readonly (number | string)[];
}

export interface Row {
  readonly name: string;
  readonly inputs: readonly Values[];
  readonly results: readonly Values[];
  /** Of the first result's sum, by the inputs of floats. */
  readonly gradients?: readonly Values[];
}

/** The rows of a table beside the script that made it. */
export const readRows = (name: string): readonly Row[] => readGolden<{ rows: readonly Row[] }>(name).rows;

export type Call = (...xs: never[]) => AnyTensor | readonly AnyTensor[];

/** Where ours differ: in what, at which inputs, what they are there, and why. An error is one of ours. */
export interface Difference {
  readonly of: "value" | "gradient" | "error";
  /** The inputs at the place of the number, and all of the row; for an error the latter alone. */
  readonly at: (inputs: readonly number[], all: readonly number[]) => boolean;
  /** For an error, its message. */
  readonly ours: number | RegExp | ((ours: number, inputs: readonly number[], theirs: number) => boolean);
  readonly why: string;
}

/** By the name of the row, or its first word. */
export interface Differences {
  readonly [name: string]: readonly Difference[];
}

const toNumbers = ({ data }: Values): number[] =>
  data.map((v) => (typeof v === "number" ? v : Number(v.replace("inf", "Infinity"))));

const toTensor = (values: Values): AnyTensor =>
  tensor(toNumbers(values), { shape: values.shape, dtype: values.dtype }) as AnyTensor;

const isClose = (a: number, b: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= 2e-6 + 4e-6 * Math.abs(b);

function expectNone(problems: readonly string[]): void {
  expect(problems, problems.join("\n")).toEqual([]);
}

/** Tests of all rows, and of the differences, none of which may be without a row that needs it. */
export function walk(rows: readonly Row[], callOf: (name: string) => Call, differences: Differences): void {
  const used = new Set<Difference>();
  const listOf = (name: string): readonly Difference[] => differences[name] ?? differences[name.split(" ")[0]] ?? [];

  /** What does not agree: with PyTorch and NumPy, or, where a difference is said, with that. */
  function problems(row: Row, what: Difference["of"], actual: AnyTensor, expected: Values): string[] {
    const inputs = row.inputs.map(toNumbers);
    const made = `${actual.dtype} [${actual.shape}]`;
    const wanted = `${expected.dtype} [${expected.shape}]`;
    if (made !== wanted) return [`${what} must be ${wanted}, got ${made}`];
    const data = actual.data();
    return toNumbers(expected).flatMap((theirs, i) => {
      const at = inputs.map((list) => list[i] ?? Number.NaN);
      const ours = data[i];
      // The sign of a gradient that is zero says nothing.
      const sameSign = what === "gradient" || ours !== 0 || theirs !== 0 || Object.is(ours, theirs);
      if (isClose(ours, theirs) && sameSign) return [];
      const known = listOf(row.name).find(
        (d) =>
          d.of === what &&
          d.at(at, inputs.flat()) &&
          (typeof d.ours === "function" ? d.ours(ours, at, theirs) : isClose(ours, d.ours as number)),
      );
      const [there, here] = [theirs, ours].map((x) => (Object.is(x, -0) ? "-0" : x));
      if (known === undefined)
        return [
          `${what} ${i} at ${at} of [${inputs.map((list) => list.slice(0, 12)).join("; ")}]: ${there}, got ${here}`,
        ];
      used.add(known);
      return [];
    });
  }

  function outcome(row: Row, run: (f: Call) => Call): string[] {
    const call = callOf(row.name);
    const inputs = row.inputs.map(toTensor);
    const listed = (xs: readonly AnyTensor[]): AnyTensor[] => [call(...(xs as never[]))].flat() as AnyTensor[];
    const results = run((...xs) => listed(xs))(...(inputs as never[])) as AnyTensor[];
    const found = results.flatMap((y, i) => problems(row, "value", y, row.results[i]));
    if (results.length !== row.results.length) found.push(`${row.results.length} results, got ${results.length}`);
    if (row.gradients === undefined) return found;
    const isFloat = ({ dtype }: AnyTensor): boolean => dtype === "f32";
    const gradientsOf = (...xs: AnyTensor[]): readonly Tensor[] =>
      grad((floats: readonly Tensor[]) => {
        const left = [...floats];
        return sum(listed(xs.map((x) => (isFloat(x) ? (left.shift() as Tensor) : x))).find(isFloat) as Tensor);
      })(xs.filter(isFloat) as Tensor[]);
    const gradients = run(gradientsOf as Call)(...(inputs as never[])) as Tensor[];
    return [...found, ...gradients.flatMap((g, i) => problems(row, "gradient", g, (row.gradients as Values[])[i]))];
  }

  /** The outcome, or the error where it is one that is not said. */
  function judged(row: Row, run: (f: Call) => Call): string[] {
    try {
      return outcome(row, run);
    } catch (error) {
      const all = row.inputs.flatMap(toNumbers);
      const known = listOf(row.name).find(
        ({ of, at, ours }) => of === "error" && at([], all) && (ours as RegExp).test(String(error)),
      );
      if (known === undefined) return [`of [${row.inputs.map(toNumbers).join("; ")}]: ${error}`];
      used.add(known);
      return [];
    }
  }

  const names = [...new Set(rows.map(({ name }) => name))];
  const byName = names.map((name) => [name, rows.filter((row) => row.name === name)] as const);

  describe.each(byName)("%s", (_name, own) => {
    it("is as in PyTorch or NumPy", () => {
      expectNone(own.flatMap((row) => judged(row, (f) => f)));
    });

    it("is the same captured", () => {
      expectNone(own.flatMap((row) => judged(row, (f) => capture(f as never) as Call)));
    });
  });

  it("no difference is said that is none", () => {
    const unmet = Object.entries(differences).flatMap(([name, list]) =>
      list.filter((difference) => !used.has(difference)).map(({ of, why }) => `${name}: ${of}, ${why}`),
    );
    expectNone(unmet);
  });
}
