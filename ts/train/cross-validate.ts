// Cross-validation: a model is trained anew for each part of the data, on all other parts, and measured on that one.

import { ArrayData } from "../data/array.ts";
import { type Data, type DataList, isByName, isOfSeveral, type Targets, toRows } from "../data/rows.ts";
import { isStream } from "../data/source.ts";
import { crossValidateOptions, foldOptions } from "../generated/options.ts";
import { Generator, randomPermutation } from "../ops/random.ts";
import { requireFunction, requireSynchronous, textOf } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Callback, Logs } from "./callbacks/callback.ts";
import type { History } from "./callbacks/history.ts";
import type { FitOptions } from "./fit.ts";
import { Model } from "./model.ts";

/** How data is cut into folds. */
export interface FoldOptions {
  /** Number of parts; default 5. */
  folds?: number;
  /** Whether examples are dealt in random order; default true. */
  shuffle?: boolean;
  /** Seed of that order; default: another one each time. */
  seed?: number;
}

/**
 * What `crossValidate` takes. The other options go to `fit`; its default for `verbose` is 0 here. Each model is validated on
 * the part left out after each epoch, so that callbacks can watch val_loss, or with `validationSplit` on a part of the others,
 * or on `validationData` of its own.
 */
export interface CrossValidateOptions
  extends FoldOptions,
    Omit<FitOptions, "callbacks" | "sampleWeight" | "shuffle" | "seed"> {
  /**
   * Callbacks for all folds, one after the other, or a function that makes those of a fold, counted from 0; default
   * none.
   */
  callbacks?: readonly Callback[] | ((fold: number) => readonly Callback[]);
  /** Whether each class is spread evenly over the folds; for class labels [n], [n, 1] or one-hot rows; default false. */
  stratified?: boolean;
}

/** The figures of each fold, as `evaluate` gives them, their means and their standard deviations (n in the divisor). */
export interface CrossValidation {
  folds: Logs[];
  mean: Logs;
  std: Logs;
  /** What `fit` returned for each fold. */
  histories: History[];
}

/** Which examples to train on and which to measure on. */
export interface Fold {
  train: Int32Array;
  test: Int32Array;
}

/**
 * Trains a new, compiled model of `makeModel(fold)` for each fold and evaluates it on the part left out; then the model is
 * disposed.
 * Errors: ArgumentError for fewer examples than folds, and for labels that are no classes when they are to be stratified.
 */
export async function crossValidate(
  makeModel: (fold: number) => Model | Promise<Model>,
  x: DataList,
  y: Targets,
  options: CrossValidateOptions = {},
): Promise<CrossValidation> {
  const {
    folds = 5,
    stratified = false,
    shuffle,
    seed,
    verbose = 0,
    callbacks,
    ...fitting
  } = checkOptions("crossValidate", options, crossValidateOptions);
  requireFunction("crossValidate: makeModel", makeModel);
  if (isStream(x)) {
    throw new ArgumentError(
      `crossValidate: x must be data, of which each fold takes its rows, got ${textOf(x)}; batches that come by themselves ` +
        "have no rows",
    );
  }
  const inputs = rowsOf("x", x);
  const targets = rowsOf("y", y);
  const [first] = listOf(targets);
  const { length } = first;
  for (const rows of [...listOf(inputs), ...listOf(targets)]) {
    if (rows.length !== length) {
      throw new ArgumentError(`crossValidate: all data must have ${length} examples, got ${rows.length}`);
    }
  }
  const cut = { folds, shuffle, seed };
  const parts = stratified ? stratifiedKFold(labelsOf(first), cut) : kFold(length, cut);
  const results: Logs[] = [];
  const histories: History[] = [];
  const made = new Set<Model>();
  for (const [i, { train, test }] of parts.entries()) {
    const model = await makeModel(i);
    if (!(model instanceof Model)) {
      throw new ArgumentError(`crossValidate: makeModel must return a model, got ${textOf(model)}`);
    }
    if (made.has(model)) {
      throw new ArgumentError("crossValidate: makeModel must make a new model for each fold, got the same one again");
    }
    made.add(model);
    try {
      const left = [pick(inputs, test) as DataList, pick(targets, test)] as const;
      const order = seed === undefined ? {} : { seed: seed + i };
      const validationData = fitting.validationData ?? (fitting.validationSplit ? undefined : left);
      const own =
        typeof callbacks === "function" ? requireSynchronous("crossValidate: callbacks", callbacks(i)) : callbacks;
      const options = { ...fitting, ...order, validationData, callbacks: own, verbose };
      histories.push(await model.fit(pick(inputs, train) as DataList, pick(targets, train), options));
      const { batchSize, signal } = fitting;
      results.push(await model.evaluate(...left, { batchSize, signal }));
    } finally {
      model.dispose();
    }
  }
  return { folds: results, ...statisticsOf(results), histories };
}

/**
 * Splits examples into folds of about equal size, each left out once; without shuffling they are contiguous.
 * Errors: ArgumentError for options out of range.
 */
export function kFold(length: number, options: FoldOptions = {}): Fold[] {
  const { folds, order } = dealing(length, checkOptions("kFold", options, foldOptions));
  const sizes = Array.from({ length: folds }, (_, i) => Math.floor(length / folds) + (i < length % folds ? 1 : 0));
  const parts = sizes.flatMap((size, i) => new Array<number>(size).fill(i));
  return foldsOf(order, parts, folds);
}

/**
 * Splits examples into folds in which each label is as frequent as in all, up to one example.
 * Errors: ArgumentError for options out of range, and unless labels is a list of numbers.
 */
export function stratifiedKFold(labels: ArrayLike<number>, options: FoldOptions = {}): Fold[] {
  checkOptions("stratifiedKFold", options, foldOptions);
  if (typeof labels?.length !== "number") {
    throw new ArgumentError(`stratifiedKFold: labels must be a list of numbers, got ${textOf(labels)}`);
  }
  const { folds, order } = dealing(labels.length, options);
  const sorted = order.toSorted((a, b) => labels[a] - labels[b]);
  // One after the other, on from class to class: so the parts, too, are of about equal size.
  return foldsOf(
    sorted,
    sorted.map((_, i) => i % folds),
    folds,
  );
}

/** The order in which examples are dealt. */
function dealing(length: number, { folds = 5, shuffle = true, seed }: FoldOptions): { folds: number; order: number[] } {
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= length)) {
    throw new ArgumentError(`crossValidate: folds must be from 2 to the ${length} examples there are, got ${folds}`);
  }
  if (!shuffle) return { folds, order: Array.from({ length }, (_, i) => i) };
  const generator = new Generator(seed);
  const permutation = randomPermutation(length, { generator });
  const order = [...permutation.data()];
  for (const thing of [permutation, generator.state]) thing.dispose();
  return { folds, order };
}

/** The folds, given which part each example of the order is in; examples stay in their own order. */
function foldsOf(order: readonly number[], parts: readonly number[], folds: number): Fold[] {
  const partOf = new Int32Array(order.length);
  order.forEach((example, i) => {
    partOf[example] = parts[i];
  });
  const examples = Int32Array.from(order.keys());
  return Array.from({ length: folds }, (_, fold) => ({
    train: examples.filter((example) => partOf[example] !== fold),
    test: examples.filter((example) => partOf[example] === fold),
  }));
}

type RowData = ArrayData | ArrayData[] | Record<string, ArrayData>;

function rowsOf(what: string, data: DataList | Targets): RowData {
  if (isOfSeveral(data)) return data.map((one) => toRows("crossValidate", what, one));
  if (!isByName(data)) return toRows("crossValidate", what, data as Data);
  const entries = Object.entries(data);
  return Object.fromEntries(entries.map(([name, one]) => [name, toRows("crossValidate", what, one)]));
}

function listOf(data: RowData): ArrayData[] {
  return data instanceof ArrayData ? [data] : Object.values(data);
}

/** The given rows of all the data. */
function pick(data: RowData, rows: Int32Array): Targets {
  const one = (all: ArrayData): ArrayData => all.gather(rows);
  if (data instanceof ArrayData) return one(data);
  if (Array.isArray(data)) return data.map(one);
  return Object.fromEntries(Object.entries(data).map(([name, all]) => [name, one(all)]));
}

/** The class of each row. */
function labelsOf(y: ArrayData): number[] {
  const rows = Array.from({ length: y.length }, (_, i) => y.valuesAt(i));
  if (y.shape.length > 2) {
    throw new ArgumentError(
      `crossValidate: stratified labels must be [n], [n, 1] or one-hot, got ${formatShape(y.shape)}`,
    );
  }
  const labels = rows.map((row) => (row.length === 1 ? row[0] : row.indexOf(1)));
  const bad = labels.findIndex((label) => !Number.isInteger(label) || label < 0);
  if (bad >= 0) {
    throw new ArgumentError(`crossValidate: stratified labels must be classes, got [${rows[bad].join(", ")}]`);
  }
  return labels;
}

function statisticsOf(results: readonly Logs[]): { mean: Logs; std: Logs } {
  const mean: Logs = {};
  const std: Logs = {};
  for (const name of Object.keys(results[0])) {
    const values = results.map((logs) => logs[name]);
    mean[name] = values.reduce((a, b) => a + b, 0) / values.length;
    std[name] = Math.sqrt(values.reduce((sum, value) => sum + (value - mean[name]) ** 2, 0) / values.length);
  }
  return { mean, std };
}
