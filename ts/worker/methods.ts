// In the worker: what each call of the page does, with the models and data that lie here.
import { ArrayData } from "../data/array.ts";
import type { DataList, Targets } from "../data/rows.ts";
import { lookUp } from "../layers/config.ts";
import { seed } from "../ops/random.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { configure, engineInfo } from "../runtime/engine.ts";
import { StateError } from "../runtime/errors.ts";
import { makeArray, type TypedArray } from "../tensor/dtype.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { importModel } from "../train/loading.ts";
import type { Model } from "../train/model.ts";
import { modelFromConfig } from "../train/model-config.ts";
import { callbackFrom, compileOptionsFrom, type ServeOptions } from "./makers.ts";
import { reporter, type Tell } from "./progress.ts";
import type { Calls, Layout, Sent, Values } from "./protocol.ts";

/** What a call knows beside its arguments. */
export interface Call {
  readonly signal: AbortSignal;
  readonly tell: Tell;
}

/** Numbers that lie here: as rows, and as they are stored. */
interface Stored {
  readonly rows: ArrayData;
  readonly values: TypedArray;
}

/** All methods that a page may call. */
export type Methods = {
  readonly [M in keyof Calls]: (asks: Calls[M][0], call: Call) => Calls[M][1] | Promise<Calls[M][1]>;
};

/** The methods, with models and data of their own. */
export function makeMethods(own: ServeOptions): Methods {
  const models = new Map<number, Model>();
  /** Those of the models, which nobody else can free. */
  const optimizers = new Map<number, Optimizer>();
  const stored = new Map<number, Stored>();

  const model = (number: number): Model => {
    const found = models.get(number);
    if (found === undefined) throw new StateError("worker: the model must not be disposed, got one that was");
    return found;
  };
  const lying = (number: number): Stored => {
    const found = stored.get(number);
    if (found === undefined) throw new StateError("worker: data must not be disposed, got some that were");
    return found;
  };
  const rows = (number: number): ArrayData => lying(number).rows;
  const bytes = (number: number): Uint8Array => lying(number).values as Uint8Array;
  /** Data by their numbers, arranged as these are. What does not suit a model is for the model to say. */
  const targets = (sent: Sent): Targets => {
    if (typeof sent === "number") return rows(sent);
    if (Array.isArray(sent)) return sent.map(rows);
    return Object.fromEntries(Object.entries(sent).map(([output, number]) => [output, rows(number)]));
  };
  const inputs = (sent: Sent): DataList => targets(sent) as DataList;
  const given = (sent: Sent | undefined): Targets | undefined => (sent === undefined ? undefined : targets(sent));
  const store = (data: number, values: TypedArray, { shape, dtype, scale }: Layout): void => {
    stored.set(data, { values, rows: new ArrayData(values, shape, dtype, scale) });
  };

  return {
    configure,
    info: () => engineInfo(),

    allocate: ({ data, bytes, ...layout }) =>
      store(data, makeArray(bytes ? "u8" : layout.dtype, sizeOf(layout.shape)), layout),
    fill: ({ data, begin, values }) => lying(data).values.set(values, begin),
    take: ({ data, values, ...layout }) => store(data, values, layout),
    release: ({ data }) => void stored.delete(data),

    create: (asks) => {
      const begin = (): void => {
        if (asks.seed !== undefined) seed(asks.seed);
      };
      begin();
      const given = asks.bytes === undefined ? undefined : bytes(asks.bytes);
      const made = asks.config ? modelFromConfig(asks.config) : importModel(given as Uint8Array);
      if (given !== undefined) {
        if (asks.config) made.importWeights(given);
        // As at hand, where no weights were drawn after the seed.
        begin();
      }
      models.set(asks.model, made);
    },
    forget: (asks) => {
      model(asks.model).dispose();
      optimizers.get(asks.model)?.dispose();
      models.delete(asks.model);
      optimizers.delete(asks.model);
    },

    compile: (asks) => {
      const compiled = model(asks.model);
      compiled.compile(compileOptionsFrom(asks.options));
      optimizers.get(asks.model)?.dispose();
      optimizers.set(asks.model, compiled.compilation.optimizer);
    },
    fit: async ({ model: number, x, y, sampleWeight, validationData, callbacks, hooks, ...options }, call) => {
      const { history, epochs } = await model(number).fit(inputs(x), given(y), {
        ...options,
        verbose: 0,
        signal: call.signal,
        sampleWeight: given(sampleWeight),
        validationData: validationData && [
          inputs(validationData[0]),
          given(validationData[1]),
          given(validationData[2]),
        ],
        // The page is told last, since others add figures of their own.
        callbacks: [...callbacks.map((callback) => callbackFrom(callback)), reporter(hooks, call.tell)],
      });
      return { history, epochs };
    },
    evaluate: ({ model: number, x, y, sampleWeight, ...options }, { signal }) =>
      model(number).evaluate(inputs(x), given(y), { ...options, signal, sampleWeight: given(sampleWeight) }),
    predict: async ({ model: number, x, ...options }, { signal }) => {
      const outputs = await model(number).predictAll(inputs(x), { ...options, signal });
      const results = outputs.map(valuesOf);
      for (const output of outputs) output.dispose();
      return results;
    },
    trainOnBatch: ({ model: number, x, y, sampleWeight, classWeight }) =>
      model(number).trainOnBatch(inputs(x), given(y), { sampleWeight: given(sampleWeight), classWeight }),
    testOnBatch: ({ model: number, x, y, sampleWeight }) =>
      model(number).testOnBatch(inputs(x), given(y), { sampleWeight: given(sampleWeight) }),
    summary: (asks) => model(asks.model).summary(),
    stop: (asks) => {
      model(asks.model).stopTraining = true;
    },
    getLearningRate: (asks) => model(asks.model).compilation.optimizer.learningRate,
    setLearningRate: (asks) => {
      model(asks.model).compilation.optimizer.learningRate = asks.value;
    },

    getWeights: (asks) => model(asks.model).weights.map(valuesOf),
    setWeights: (asks) => model(asks.model).setWeights(asks.weights.map(rows)),
    copyWeightsFrom: ({ model: number, from, bytes: file, tau }) => {
      const to = model(number);
      const options = tau === undefined ? {} : { tau };
      if (from !== undefined) return void to.copyWeightsFrom(model(from), options);
      const read = to.copy();
      try {
        read.importWeights(bytes(file as number));
        to.copyWeightsFrom(read, options);
      } finally {
        read.dispose();
      }
    },
    exportModel: ({ model: number, options }) => model(number).exportModel(options),
    save: ({ model: number, path, options }) => model(number).save(path, options),
    exportWeights: (asks) => model(asks.model).exportWeights(),
    importWeights: (asks) => model(asks.model).importWeights(bytes(asks.bytes)),
    saveWeights: ({ model: number, path }) => model(number).saveWeights(path),
    loadWeights: ({ model: number, path }) => model(number).loadWeights(path),
    method: ({ model: number, name, parameters }) =>
      lookUp("method", name, own.methods ?? {})(model(number), ...(parameters as never[])),
  };
}

function valuesOf(x: AnyTensor): Values {
  return { values: x.data(), shape: x.shape, dtype: x.dtype };
}
