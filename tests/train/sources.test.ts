// What models read beside arrays: iterables, functions and sources of batches, synchronous or not.
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  ArrayData,
  type BatchData,
  type BatchStream,
  batches,
  type Callback,
  DtypeError,
  type Logs,
  layers,
  Model,
  memory,
  Sequential,
  ShapeError,
  type Source,
  StateError,
  seed,
  tensor,
} from "../../ts/index.ts";

const LENGTH = 22;
const SIZE = 8;
const x = tensor(
  Float32Array.from({ length: LENGTH * 3 }, (_, i) => Math.sin(i)),
  { shape: [LENGTH, 3] },
);
const y = tensor(Int32Array.from({ length: LENGTH }, (_, i) => i % 2));
const rows = new ArrayData(x.data(), [LENGTH, 3]);
const labels = new ArrayData(y.data(), [LENGTH]);
const silent = { verbose: 0 } as const;

/** A pass over the data, from a batch on. */
function* pass(first = 0): Generator<[ArrayData, ArrayData], void, undefined> {
  for (let begin = first * SIZE; begin < LENGTH; begin += SIZE) {
    const end = Math.min(begin + SIZE, LENGTH);
    yield [rows.slice(begin, end), labels.slice(begin, end)];
  }
}

async function* slowly(): AsyncGenerator<BatchData, void, undefined> {
  for (const batch of pass()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield batch;
  }
}

function* forever(): Generator<BatchData, void, undefined> {
  for (;;) yield* pass();
}

/** Not built until it sees data, and random. */
function classifier(): Sequential {
  seed(7);
  const model = new Sequential([layers.dense({ units: 8, activation: "relu" }), layers.dropout({ rate: 0.3 })]);
  model.add(layers.dense({ units: 2, activation: "softmax" }));
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

const weightsOf = (model: Model): unknown => model.weights.map((weight) => weight.data());

async function trained(data: BatchStream, options: object = {}): Promise<unknown[]> {
  const model = classifier();
  const { history } = await model.fit(data, { ...silent, epochs: 3, seed: 4, ...options });
  return [history, weightsOf(model)];
}

async function asArrays(options: object = {}): Promise<unknown[]> {
  const model = classifier();
  const given = { ...silent, epochs: 3, seed: 4, shuffle: false, batchSize: SIZE, ...options };
  return [(await model.fit(rows, labels, given)).history, weightsOf(model)];
}

/** An iterator of ever the same batches that notes when it is closed. */
function watched(): { iterator: Generator<BatchData>; closed: () => boolean } {
  let closed = false;
  function* batchesOf(): Generator<BatchData> {
    try {
      yield* forever();
    } finally {
      closed = true;
    }
  }
  return { iterator: batchesOf(), closed: () => closed };
}

const rejection = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error("nothing was rejected"),
    (error) => error,
  );

describe("a model trains on batches as on the arrays they were cut from, to the bit", () => {
  const source: Source = { length: 3, samples: LENGTH, batches: () => pass() };
  it.each<[string, BatchStream]>([
    ["a function that makes generators", () => pass()],
    ["a function that makes lists", () => [...pass()]],
    ["an asynchronous function", async () => pass()],
    ["a function that makes asynchronous generators", () => slowly()],
    ["an iterable", { [Symbol.iterator]: () => pass() }],
    ["an asynchronous iterable", { [Symbol.asyncIterator]: slowly }],
    ["a source", source],
    ["tensors", () => [...pass()].map(([a, b]): BatchData => [a.tensor(), b.tensor()])],
    ["typed arrays and lists", () => [...pass()].map(([a, b]): BatchData => [a.array() as number[][], b.data])],
  ])("%s", async (_, data) => {
    expect(await trained(data)).toEqual(await asArrays());
  });

  it("with weights of examples and of classes", async () => {
    const weights = Float32Array.from({ length: LENGTH }, (_, i) => i / 10);
    const classWeight = { 0: 0.5, 1: 2 };
    const weighted = (): BatchData[] =>
      [...pass()].map(([a, b], i) => [a, b, weights.subarray(i * SIZE, i * SIZE + b.length)]);
    expect(await trained(weighted, { classWeight })).toEqual(await asArrays({ sampleWeight: weights, classWeight }));
  });

  it("and validates on some", async () => {
    const validationData = [rows, labels] as const;
    const whole = await asArrays({ validationData });
    expect(await asArrays({ validationData: () => pass() })).toEqual(whole);
    expect(await trained(() => pass(), { validationData: () => slowly() })).toEqual(whole);
    expect(await trained(() => pass(), { validationData, validationSteps: undefined })).not.toEqual(await asArrays());
  });
});

describe("epochs", () => {
  it("are passes, whose number and seed a source is told", async () => {
    const asked: unknown[] = [];
    const made: number[] = [];
    const data: Source = {
      batches(given) {
        asked.push(given);
        return pass();
      },
    };
    await trained(data, { initialEpoch: 1 });
    expect(asked).toEqual([
      { index: 1, seed: 4 },
      { index: 2, seed: 4 },
    ]);
    await trained((index) => {
      made.push(index);
      return pass();
    });
    expect(made).toEqual([0, 1, 2]);
  });

  it("of so many steps go on over passes, over arrays too", async () => {
    const all = [...pass(), ...pass(), ...pass()];
    const steps = (epochs: number, stepsPerEpoch: number, data: BatchStream) =>
      trained(data, { epochs, stepsPerEpoch });
    const [, wanted] = await trained(() => all.slice(0, 8), { epochs: 1 });
    const histories: unknown[] = [];
    for (const data of [() => pass(), pass.bind(undefined, 0), forever(), { length: 3, batches: () => pass() }]) {
      const [history, weights] = await steps(2, 4, data as BatchStream);
      histories.push(history);
      // Random layers draw from streams of their epochs, so that only arrays of the same cut are the same.
      expect([history, weights]).toEqual(await asArrays({ epochs: 2, stepsPerEpoch: 4 }));
    }
    expect((await steps(1, 8, forever()))[1]).toEqual(wanted);
    expect(new Set(histories.map((history) => JSON.stringify(history))).size).toBe(1);
  });

  it("of so many steps begin where they would have, wherever training begins", async () => {
    for (const stream of [() => pass(), { length: 3, batches: () => pass() }]) {
      const model = classifier();
      await model.fit(stream, { ...silent, stepsPerEpoch: 2, initialEpoch: 2, epochs: 3, seed: 4 });
      // Batches 4 and 5 are the second and the third of the second pass.
      const other = classifier();
      await other.fit(() => pass(1), { ...silent, initialEpoch: 2, epochs: 3, seed: 4 });
      expect(weightsOf(model)).toEqual(weightsOf(other));
    }
  });

  it("after the first need more than an iterator, which is read once", async () => {
    const error = await rejection(trained(pass()));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe(
      "fit: x must give batches for each of 3 epochs, got an iterator, which can be read once; pass a function that returns " +
        "one for each epoch, or stepsPerEpoch",
    );
    await trained(pass(), { epochs: 1 });
    const validation = await rejection(trained(() => pass(), { validationData: pass() }));
    expect(validation.message).toContain("fit: validationData must give batches for each of 3 epochs, got an iterator");
    await trained(() => pass(), { validationData: forever(), validationSteps: 2 });
  });

  it("that an iterator has too few batches for are an error", async () => {
    const error = await rejection(trained(pass(), { stepsPerEpoch: 2 }));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe(
      "fit: x must give 2 batches in each epoch, got no more after 3; a function that returns an iterable can be read anew",
    );
    for (const empty of [() => [], [].values() as Iterable<never>, { batches: () => [] }]) {
      const none = await rejection(trained(empty, { epochs: 1 }));
      expect(none.message).toContain("fit: x must give at least one batch in each pass, got no more after 0");
    }
  });

  it("have no length where only reading tells", async () => {
    const told: unknown[] = [];
    const watcher: Callback = {
      onTrainBegin: ({ steps, samples, batchSize }) => void told.push([steps, samples, batchSize]),
    };
    await trained(() => pass(), { callbacks: [watcher] });
    await trained(() => pass(), { callbacks: [watcher], stepsPerEpoch: 5 });
    await trained({ length: 3, samples: LENGTH, batches: () => pass() }, { callbacks: [watcher] });
    expect(told).toEqual([
      [undefined, undefined, undefined],
      [5, undefined, undefined],
      [3, LENGTH, undefined],
    ]);
  });
});

describe("what is read is closed", () => {
  it("when training ends, or is stopped", async () => {
    const ended = watched();
    await trained(ended.iterator, { stepsPerEpoch: 2 });
    expect(ended.closed()).toBe(true);
    const stopped = watched();
    const model = classifier();
    const stop: Callback = { onBatchEnd: () => void (model.stopTraining = true) };
    await model.fit(stopped.iterator, { ...silent, callbacks: [stop] });
    expect(stopped.closed()).toBe(true);
  });

  it("when a callback or the model fails", async () => {
    const failing = watched();
    const fail: Callback = {
      onBatchEnd: () => {
        throw new Error("enough");
      },
    };
    expect((await rejection(trained(failing.iterator, { epochs: 1, callbacks: [fail] }))).message).toBe("enough");
    expect(failing.closed()).toBe(true);
    const strange = watched();
    const model = classifier();
    model.compile({ loss: "meanSquaredError" });
    expect(await rejection(model.fit(strange.iterator, silent))).toBeInstanceOf(ShapeError);
    expect(strange.closed()).toBe(true);
  });

  it("when it is validated, evaluated or predicted with", async () => {
    const validation = watched();
    await trained(() => pass(), { validationData: validation.iterator, validationSteps: 1 });
    const evaluation = watched();
    const model = classifier();
    await model.evaluate(evaluation.iterator, { steps: 2 });
    const prediction = watched();
    await model.predict(prediction.iterator, { steps: 2 });
    for (const { closed } of [validation, evaluation, prediction]) expect(closed()).toBe(true);
  });

  it("when it is aborted, also while a batch is waited for", async () => {
    const abort = new AbortController();
    let closed = false;
    const stuck: AsyncIterable<BatchData> = {
      [Symbol.asyncIterator]: () => {
        const ready = pass();
        let read = 0;
        return {
          next: () => (read++ < 2 ? Promise.resolve(ready.next()) : new Promise(() => {})) as never,
          return: async () => {
            closed = true;
            return { done: true, value: undefined };
          },
        };
      },
    };
    setTimeout(() => abort.abort(new Error("no more")), 30);
    expect((await rejection(trained(stuck, { signal: abort.signal }))).message).toBe("no more");
    expect(closed).toBe(true);
  });

  it("in a loop that is left", () => {
    const { iterator, closed } = watched();
    for (const [first] of batches(iterator)) {
      expect(first.shape).toEqual([SIZE, 3]);
      break;
    }
    expect(closed()).toBe(true);
  });
});

describe("an error of whoever gives batches is that of fit", () => {
  const broken = function* (): Generator<BatchData> {
    yield* pass();
    throw new RangeError("the disk is gone");
  };
  it.each<[string, BatchStream]>([
    ["in a generator", broken()],
    [
      "in an asynchronous one",
      (async function* () {
        yield* broken();
      })(),
    ],
    [
      "in a function",
      () => {
        throw new RangeError("the disk is gone");
      },
    ],
    ["in a promise", () => Promise.reject(new RangeError("the disk is gone"))],
  ])("%s", async (_, data) => {
    const error = await rejection(trained(data, { epochs: 1 }));
    expect(error).toEqual(new RangeError("the disk is gone"));
  });
});

describe("a batch is refused", () => {
  const second = async (batch: unknown): Promise<Error> => {
    const model = classifier();
    const error = await rejection(model.fit(() => [[rows, labels], batch as BatchData], silent));
    expect(model.weights.length).toBe(4);
    return error;
  };
  it.each<[string, unknown, new (message: string) => Error, string]>([
    ["of another width", [rows.reshape([33, 2]), new Int32Array(33)], ShapeError, "got"],
    [
      "with another number of axes",
      [rows.reshape([11, 2, 3]), new Int32Array(11)],
      ShapeError,
      "batch 1 of x: x must have the axes of the others, examples of [3], got [2, 3]",
    ],
    [
      "of another dtype",
      [new ArrayData(new Int32Array(6), [2, 3]), new Int32Array(2)],
      DtypeError,
      "batch 1 of x: x must be f32 as in the others, got i32",
    ],
    [
      "with weights where others had none",
      [rows, labels, new Float32Array(LENGTH)],
      ArgumentError,
      "batch 1 of x must have as many parts as the others, 2, got 3",
    ],
    ["without targets", [rows], ArgumentError, "batch 1 of x: y must be a tensor or ArrayData, got undefined"],
    [
      "of different lengths",
      [rows, labels.slice(1)],
      ShapeError,
      "must have the same number of examples, got 22 and 21",
    ],
    [
      "with NaN",
      [tensor([[1, Number.NaN, 1]]), new Int32Array(1)],
      ArgumentError,
      "batch 1 of x: x must be finite numbers, got NaN or infinity at index [0, 1]",
    ],
    ["with labels that are no classes", [rows.slice(0, 1), new Int32Array([5])], ArgumentError, "batch 1 of x: "],
    [
      "that is a list of many",
      [1, 2, 3, 4],
      ArgumentError,
      "batch 1 of x must be [x], [x, y] or [x, y, sampleWeight], got a list of 4",
    ],
    ["that is nothing", undefined, ArgumentError, "fit: x must give batches, got undefined"],
  ])("%s", async (_, batch, type, message) => {
    const error = await second(batch);
    expect(error).toBeInstanceOf(type);
    expect(error.message).toContain(message);
  });

  it("though its length and that of sequences may differ", async () => {
    const model = new Sequential([layers.lstm({ units: 3 }), layers.dense({ units: 1 })]);
    model.compile({ loss: "meanSquaredError" });
    const steps = [4, 7, 5, 4];
    const data = (): BatchData[] =>
      steps.map((length, i) => [
        new ArrayData(new Float32Array(2 * (i + 1) * length), [i + 1, length, 2]),
        new Float32Array(i + 1),
      ]);
    await model.fit(data, { ...silent, epochs: 2 });
    expect((await model.predict(data)).shape).toEqual([10, 1]);
  });
});

it("batches of ever new shapes take no more and more memory", async () => {
  const model = new Sequential([layers.globalAveragePooling1d(), layers.dense({ units: 1 })]);
  model.compile({ loss: "meanSquaredError", optimizer: "sgd" });
  const after = async (from: number, to: number): Promise<number> => {
    const lengths = Array.from({ length: to - from }, (_, i) => from + i);
    const data = lengths.map((length): BatchData => [new ArrayData(new Float32Array(length), [1, length, 1]), [1]]);
    await model.fit(() => data, silent);
    return memory.report().buffers;
  };
  const before = await after(1, 40);
  expect(await after(40, 90)).toBeLessThanOrEqual(before + 4);
  await after(1, 40);
});

describe("what a stream cannot have is an error", () => {
  it.each<[object, string]>([
    [{ validationSplit: 0.5 }, "fit: validationSplit must be left out where x gives batches, got 0.5"],
    [{ shuffle: true }, "fit: shuffle must be left out where x gives batches, got true"],
    [{ batchSize: 8 }, "fit: batchSize must be left out where x gives batches, got 8"],
    [{ sampleWeight: new Float32Array(LENGTH) }, "fit: sampleWeight must be left out where x gives batches"],
    [{ validationSteps: 3 }, "fit: validationSteps must come with data to validate on, got none"],
    [
      { validationData: [rows, labels], validationSteps: 4 },
      "validationSteps must be at most the 1 batches there are, got 4",
    ],
    [{ stepsPerEpoch: 0 }, "fit: stepsPerEpoch must be a whole number of at least 1, got 0"],
  ])("%o", async (options, message) => {
    const error = await rejection(trained(() => pass(), options));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain(message);
    await trained(() => pass(), { shuffle: false, validationSplit: 0 });
  });

  it("targets of its own", async () => {
    const error = await rejection(classifier().fit((() => pass()) as never, labels, silent));
    expect(error.message).toContain("fit: y must be left out where x gives batches, got Object");
  });

  it("whatever it says of itself", async () => {
    for (const [data, message] of [
      [{ batches: 3 }, "fit: x must have a method batches, got Number"],
      [{ length: 0, batches: () => pass() }, "fit: x must have whole numbers above 0 as length and samples, got 0"],
      [() => 3, "fit: x must give an iterable of batches for each pass, got 3"],
      [() => rows, "fit: x must give an iterable of batches for each pass, got Object"],
      [() => "text", "fit: x must give an iterable of batches for each pass, got text"],
    ] as [never, string][]) {
      expect((await rejection(trained(data))).message).toBe(message);
    }
  });

  it("in a step on one batch", () => {
    for (const step of ["trainOnBatch", "testOnBatch"] as const) {
      expect(() => classifier()[step](pass() as never, labels)).toThrow(ArgumentError);
    }
  });
});

describe("evaluate and predict", () => {
  it("read batches as they read arrays", async () => {
    const model = classifier();
    const logs = await model.evaluate(rows, labels, { batchSize: SIZE });
    const wanted = (await model.predict(rows, { batchSize: SIZE })).data();
    for (const data of [() => pass(), () => slowly(), { length: 3, batches: () => pass() }]) {
      expect(await model.evaluate(data)).toEqual(logs);
      expect((await model.predict(data)).data()).toEqual(wanted);
    }
    expect(await model.evaluate(pass())).toEqual(logs);
    const inputs = [...pass()].map(([first]) => first);
    expect((await model.predict(() => inputs)).data()).toEqual(wanted);
    expect((await model.predict(() => inputs.map((one) => one.tensor()))).data()).toEqual(wanted);
    expect((await model.predict(() => inputs.map((one): BatchData => [one.array() as number[][]]))).data()).toEqual(
      wanted,
    );
  });

  it("read so many steps and no more", async () => {
    const model = classifier();
    const logs = await model.evaluate(rows.slice(0, 16), labels.slice(0, 16), { batchSize: SIZE });
    const wanted = (await model.predict(rows.slice(0, 16), { batchSize: SIZE })).data();
    for (const data of [() => pass(), forever()]) expect(await model.evaluate(data, { steps: 2 })).toEqual(logs);
    expect(await model.evaluate(rows, labels, { batchSize: SIZE, steps: 2 })).toEqual(logs);
    for (const data of [() => pass(), forever(), rows]) {
      const options = data === rows ? { batchSize: SIZE } : {};
      expect((await model.predict(data, { steps: 2, ...options })).data()).toEqual(wanted);
    }
    expect((await rejection(model.predict(() => pass(), { steps: 4 }))).message).toContain(
      "predict: x must give 4 batches in each epoch, got no more after 3",
    );
    expect((await rejection(model.evaluate(rows, labels, { steps: 2 }))).message).toBe(
      "evaluate: steps must be at most the 1 batches there are, got 2",
    );
  });

  it("refuse predictions that do not lie in one tensor", async () => {
    const model = new Sequential([layers.dense({ units: 2 })]);
    const data = [2, 3].map((length) => new ArrayData(new Float32Array(4 * length), [1, length, 4]));
    const error = await rejection(model.predict(() => data));
    expect(error).toEqual(
      new ShapeError("predict: outputs of all examples must have one shape, got [2, 2] and [3, 2]"),
    );
  });
});

describe("several inputs and outputs", () => {
  function drawn(): Model {
    seed(2);
    const [left, right] = ["left", "right"].map((name) => layers.input({ shape: [3], name }));
    const shared = layers.concatenate().apply([left, right]);
    const [sum, kind] = ["sum", "kind"].map((name) => layers.dense({ units: 2, name }).apply(shared));
    const model = new Model({ inputs: [left, right], outputs: [sum, kind] });
    model.compile({ loss: ["meanSquaredError", "meanSquaredError"], optimizer: "sgd" });
    return model;
  }
  const target = new ArrayData(new Float32Array(LENGTH * 2).fill(1), [LENGTH, 2]);
  const other = rows.map((row) => row.map((value) => value * 2));

  it("are given by the names of input layers and outputs, in arrays and in batches", async () => {
    const options = { ...silent, shuffle: false, batchSize: LENGTH };
    const list = drawn();
    await list.fit([rows, other], [target, target], options);
    const record = drawn();
    expect(record.inputNames).toEqual(["left", "right"]);
    await record.fit({ right: other, left: rows }, { kind: target, sum: target }, options);
    expect(weightsOf(record)).toEqual(weightsOf(list));
    const batch: BatchData = [
      { left: rows, right: other },
      { sum: target, kind: target },
    ];
    for (const data of [
      () => [batch],
      () => [
        [
          [rows, other],
          [target, target],
        ] as BatchData,
      ],
    ]) {
      const streamed = drawn();
      await streamed.fit(data, silent);
      expect(weightsOf(streamed)).toEqual(weightsOf(list));
    }
    const [sum, kind] = await list.predictAll({ left: rows, right: other });
    const outputs = await list.predictAll(() => [{ left: rows, right: other }]);
    expect(outputs.map((one) => one.data())).toEqual([sum.data(), kind.data()]);
    expect(record.testOnBatch({ left: rows, right: other }, { sum: target, kind: target })).toEqual(
      list.testOnBatch([rows, other], [target, target]),
    );
  });

  it("of other names are an error", async () => {
    const model = drawn();
    expect((await rejection(model.fit({ left: rows, middle: other }, [target, target]))).message).toBe(
      "fit: x must be given for the inputs left, right, got left, middle",
    );
    expect((await rejection(classifier().fit({ left: rows }, labels))).message).toBe(
      "fit: x must be a tensor or a list, of a model that is not drawn, got left",
    );
  });
});

describe("a source that says what its batches hold", () => {
  const parts = { inputs: [{ shape: [3], dtype: "f32" }], targets: [{ shape: [], dtype: "i32" }] } as const;
  it("is refused before it is read where the model cannot take that", async () => {
    let opened = 0;
    const data = (inputs: readonly { shape: readonly number[]; dtype: "f32" }[]): Source => ({
      parts: { ...parts, inputs },
      batches: () => {
        opened++;
        return pass();
      },
    });
    const model = classifier();
    model.build([3]);
    expect(await rejection(model.fit(data([{ shape: [4], dtype: "f32" }]), silent))).toBeInstanceOf(ShapeError);
    expect(await rejection(model.fit(data([{ shape: 3 as never, dtype: "f32" }]), silent))).toBeInstanceOf(
      ArgumentError,
    );
    expect(await rejection(model.fit(data(3 as never), silent))).toBeInstanceOf(ArgumentError);
    expect(opened).toBe(0);
    await model.fit(data(parts.inputs), silent);
    expect(opened).toBe(1);
  });

  it("is held to it", async () => {
    const data: Source = { parts: { ...parts, targets: [{ shape: [], dtype: "f32" }] }, batches: () => pass() };
    expect((await rejection(trained(data))).message).toBe("fit: batch 0 of x: y must be f32 as in the others, got i32");
  });
});

describe("batches of a stream in a loop of one's own", () => {
  it("come as they are, x first", async () => {
    const looped = batches(() => pass());
    const seen: unknown[] = [];
    for (const [a, b] of looped) seen.push([a.data(), b.data()]);
    expect(seen).toEqual([...pass()].map(([a, b]) => [a.data, b.data]));
    expect([...looped].length).toBe(3);
    const later: unknown[] = [];
    for await (const [a, b] of batches(() => slowly())) later.push([a.data(), b.data()]);
    expect(later).toEqual(seen);
    expect(() => [...batches(() => slowly())]).toThrow(StateError);
    expect(() => batches((() => pass()) as never, labels)).toThrow("batches: y must be left out where x gives batches");
    expect(() => batches((() => pass()) as never, undefined, { size: 3 })).toThrow(ArgumentError);
  });

  it("may be a model's", async () => {
    const logs: Logs[] = [];
    for (const data of [batches(rows, labels, { size: SIZE, shuffle: false }), batches(() => pass())]) {
      const model = classifier();
      await model.fit(data as BatchStream, { ...silent, epochs: 3, seed: 4 });
      logs.push((await model.evaluate(rows, labels)) as Logs);
    }
    const model = classifier();
    await model.fit(rows, labels, { ...silent, epochs: 3, seed: 4, shuffle: false, batchSize: SIZE });
    expect(logs).toEqual([await model.evaluate(rows, labels), await model.evaluate(rows, labels)]);
  });
});
