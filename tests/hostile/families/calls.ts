// Public functions and layers called with whatever there is. A call succeeds or throws one of Heddle's errors, soon; it
// changes none of its arguments and nothing beside its results, and reads nothing that nobody wrote.

import * as heddle from "../../../ts/index.ts";
import { Layer } from "../../../ts/layers/layer.ts";
import { configure } from "../../../ts/runtime/engine.ts";
import * as errorClasses from "../../../ts/runtime/errors.ts";
import { tensor } from "../../../ts/tensor/create.ts";
import type { Dtype, TypedArray } from "../../../ts/tensor/dtype.ts";
import { scope } from "../../../ts/tensor/scope.ts";
import { sizeOf } from "../../../ts/tensor/shape.ts";
import { type AnyTensor, Tensor } from "../../../ts/tensor/tensor.ts";
import type { Input, Case as Row } from "../../ops/cases/case.ts";
import { cases } from "../../ops/cases/index.ts";
import { type Bits, bitsOf, sameBits } from "../harness/bits.ts";
import { type Family, must } from "../harness/family.ts";
import { checkCanaries, garbages, placeCanaries, setGarbage } from "../harness/guard.ts";
import { anyValue, randomOptions, randomTensor, textOf, valuesOf } from "../harness/hostile-values.ts";
import type { Random } from "../harness/random.ts";

const MOST_MILLISECONDS = 2000;
const MEMORY = 128 * 2 ** 20;

const errors = Object.values(errorClasses);

type Callable = (...args: unknown[]) => unknown;

/** What a call came to: the bits of its results, or the error. */
type Outcome = Bits[] | Error;

const rows = Object.entries(cases).flatMap(([name, list]) =>
  list.map((row, i) => ({ name: `${name}, row ${i}`, row })),
);

/** What calls functions that it is given, or changes what other cases see. */
const others =
  /^(scope|keep|noGrad|profile|detectAnomaly|configure|capture|checkpoint|custom.*|define.*|.*[gG]rad|backward|.vp|hessian|jacobian|check.*|seed|.*slotsLike|.*ttachMask|.*askOf|.*MeanMetric|.*checkLabels|.*rateAt|.*assignThrough|.*resetLayerNames|.*[Ll]ambda.*|.*register.*|datasets.*)$/;

const namespaces = ["layers", "initializers", "losses", "metrics", "optimizers", "activations", "schedules"] as const;
const everything: Record<string, unknown> = { ...heddle };

/** The rows of ops that people see: what only ops call is not checked twice. */
const publicRows = rows.filter(({ name }) => name.split(",")[0] in heddle);

/** Functions by name, and the classes of metrics. */
const functions = [
  ...Object.entries(everything),
  ...namespaces.flatMap((prefix) =>
    Object.entries(everything[prefix] as object).map(([name, value]) => [`${prefix}.${name}`, value] as const),
  ),
].filter(
  ([name, value]) => typeof value === "function" && !others.test(name) && /(^|\.)[a-z]\w*$|^metrics\.[A-Z]/.test(name),
) as [string, Callable][];

/** The options of what refuses unknown ones by naming those that it has. */
const known = new Map<string, string[]>();

export const calls: Family = {
  begin() {
    configure({ threads: 1, memory: MEMORY });
    heddle.seed(1);
    for (const [name, f] of functions) {
      try {
        construct(f, [{ nothingIsCalledSo: 1 }]);
      } catch (error) {
        const names = /known are (.*?)(;|$)/.exec((error as Error).message)?.[1].split(", ");
        if (names) known.set(name, names);
      }
    }
    placeCanaries();
  },

  run({ random, say }) {
    random.pick([callRow, callRow, callMutatedRow, callAnything, callLayer])(random, say);
  },
};

function construct(f: Callable, args: readonly unknown[]): unknown {
  const isClass = /^class\b/.test(Function.prototype.toString.call(f));
  return isClass ? Reflect.construct(f, args) : f(...args);
}

/** Runs `f` twice, each time with other garbage in memory: it comes to the same, and leaves its arguments as they are. */
function callTwice(what: string, args: readonly unknown[], f: () => unknown): Outcome {
  const tensors = tensorsIn(args).filter((x) => isAlive(x));
  const before = tensors.map((x, i) => bitsOf(`argument ${i}`, x));
  const [first, second] = garbages.map((byte) => {
    setGarbage(byte);
    heddle.seed(7);
    heddle.layers.resetLayerNames();
    const outcome = callOnce(f);
    checkCanaries();
    return outcome;
  });
  // It updates the averages that it is given.
  if (/^batchNorm/.test(what)) return first;
  sameBits(
    tensors.filter(isAlive).map((x, i) => bitsOf(`argument ${i}`, x)),
    before,
    "after the call",
  );
  if (first instanceof Error || second instanceof Error) {
    must(String(first) === String(second), `a second call must come to ${String(first)}, got ${String(second)}`);
  } else sameBits(second, first, "with other garbage in memory");
  return first;
}

function callOnce(f: () => unknown): Outcome {
  // Of this process's own: a busy machine is no fault.
  const began = process.cpuUsage();
  let outcome: Outcome;
  try {
    outcome = scope(() => [f()].flatMap(tensorsIn).map((x, i) => bitsOf(`result ${i}`, x))) as Outcome;
  } catch (error) {
    const typed = errors.some((type) => error instanceof type);
    if (!typed) throw new Error(`a call must throw one of Heddle's errors, got ${(error as Error).stack ?? error}`);
    outcome = error as Error;
  }
  const { user, system } = process.cpuUsage(began);
  const took = (user + system) / 1000;
  must(took < MOST_MILLISECONDS, `a call must take less than ${MOST_MILLISECONDS} ms, got ${took.toFixed(0)}`);
  return outcome;
}

function tensorsIn(value: unknown): AnyTensor[] {
  if (value instanceof Tensor) return [value as AnyTensor];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return [];
  return Object.values(value).flatMap(tensorsIn);
}

function isAlive(x: AnyTensor): boolean {
  try {
    x.data();
    return true;
  } catch {
    return false;
  }
}

function inputOf(random: Random, { shape, dtype = "f32", low = -2, high = 2, values }: Input): AnyTensor {
  const numbers = values ?? Array.from({ length: sizeOf(shape) }, () => random.between(low, high));
  const whole = dtype === "f32" ? numbers : numbers.map(Math.floor);
  return tensor(makeNumbers(dtype, whole), { shape, dtype });
}

function makeNumbers(dtype: Dtype, numbers: readonly number[]): TypedArray {
  return dtype === "f32"
    ? Float32Array.from(numbers)
    : dtype === "i32"
      ? Int32Array.from(numbers)
      : Uint8Array.from(numbers);
}

/** A row of the op table with other numbers: it succeeds, and is finite where the reference is. */
function callRow(random: Random, say: (what: string) => void): void {
  const { name, row } = random.pick(rows);
  say(name);
  scope(() => {
    const inputs = row.inputs.map((input) => inputOf(random, input));
    const outcome = callTwice(name, inputs, () => (row as Row).run(...(inputs as never[])));
    if (outcome instanceof Error) throw new Error(`a valid call must succeed, got ${outcome}`, { cause: outcome });
    const reference = row.reference(
      ...(inputs.map((x) => ({ shape: x.shape, data: Float64Array.from(x.data()) })) as never[]),
    );
    const [{ dtype, bytes }] = outcome;
    if (dtype !== "f32") return;
    const strange = new Float32Array(bytes.buffer).findIndex(
      (y, i) => Number.isNaN(y) && !Number.isNaN(reference.data[i]),
    );
    must(strange < 0, () => `number ${strange} must be ${reference.data[strange]}, got NaN`);
  });
}

/** A row of the op table with an input that may not fit. */
function callMutatedRow(random: Random, say: (what: string) => void): void {
  const { name, row } = random.pick(publicRows);
  scope(() => {
    const inputs: unknown[] = row.inputs.map((input) => inputOf(random, input));
    for (let i = random.whole(1, 2); i > 0 && inputs.length > 0; i--) {
      const at = random.whole(0, inputs.length - 1);
      const { shape, dtype = "f32" } = row.inputs[at];
      const other = shape.map((length) => (random.chance(0.4) ? random.whole(0, 6) : length));
      inputs[at] = random.pick([
        () => tensor(valuesOf(random, dtype, sizeOf(other)), { shape: other, dtype }),
        () => tensor(valuesOf(random, dtype, sizeOf(shape), 0.5), { shape, dtype }),
        () => tensor(valuesOf(random, random.pick(["f32", "i32", "bool", "u8"]), sizeOf(shape)), { shape }),
        () => randomTensor(random),
        () => anyValue(random),
      ])();
    }
    say(`${name}, given ${inputs.map(textOf).join(", ")}`);
    callTwice(name, inputs, () => (row as Row).run(...(inputs as never[])));
  });
}

/** Any function with any arguments. */
function callAnything(random: Random, say: (what: string) => void): void {
  const [name, f] = random.pick(functions);
  scope(() => {
    const args = Array.from({ length: random.whole(0, 4) }, () =>
      random.chance(0.7) ? randomTensor(random) : anyValue(random),
    );
    if (random.chance(0.4)) args.push(randomOptions(random, known.get(name)));
    say(`${name}(${args.map(textOf).join(", ")})`);
    callTwice(name, args, () => construct(f, args));
  });
}

/** A layer of any options, called with a tensor; it ends with the call. */
function callLayer(random: Random, say: (what: string) => void): void {
  const [name, make] = random.pick(functions.filter(([name]) => /^layers\.[a-z]/.test(name)));
  scope(() => {
    const options: Record<string, unknown> = {};
    for (const [option, value] of Object.entries(usual)) {
      if (known.get(name)?.includes(option) && random.chance(0.9)) options[option] = value(random);
    }
    if (random.chance(0.5)) Object.assign(options, randomOptions(random, known.get(name)));
    const x = tensor(valuesOf(random, "f32", 60, 0), {
      shape: random.pick([[60], [6, 10], [2, 6, 5], [1, 4, 5, 3], [1, 3, 2, 2, 5]]),
    });
    const given = random.chance(0.8) ? x : anyValue(random);
    const training = random.chance(0.5);
    say(`${name}(${textOf(options)}).apply(${textOf(given)}, { training: ${training} })`);
    callTwice(name, [options, given], () => {
      const layer = make(options) as Layer;
      if (!(layer instanceof Layer)) return layer;
      try {
        return layer.apply(given as Tensor, { training });
      } finally {
        layer.dispose();
      }
    });
  });
}

/** Options without which hardly a layer can be made. */
const usual: Record<string, (random: Random) => unknown> = {
  units: (random) => random.whole(1, 4),
  filters: (random) => random.whole(1, 4),
  kernelSize: (random) => random.whole(1, 3),
  poolSize: (random) => random.whole(1, 3),
  rate: (random) => random.pick([0, 0.3]),
  numHeads: () => 2,
  keyDim: () => 3,
  inputDim: () => 7,
  outputDim: () => 3,
  axis: () => -1,
  targetShape: () => [-1],
  outputSize: (random) => random.whole(1, 3),
};
