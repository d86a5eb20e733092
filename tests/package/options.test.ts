// Whatever takes options refuses those that it does not have: all that the package exports, by a table made from its types.
import { afterAll, describe, expect, it } from "vitest";
import * as heddle from "../../ts/index.ts";
import * as separate from "../../ts/separate.ts";
import * as worker from "../../ts/worker/index.ts";
import { RemoteModel } from "../../ts/worker/index.ts";
import { optionRows, type Row } from "./options-table.ts";

const { layers } = heddle;
const entries = { heddle: "ts/index.ts", "heddle/worker": "ts/worker/index.ts", "heddle/separate": "ts/separate.ts" };
const modules: Readonly<Record<string, object>> = {
  heddle,
  "heddle/worker": worker,
  "heddle/separate": separate,
};
const rows = optionRows(entries);

/** What has the methods of each class that options are given to. */
const owners: Readonly<Record<string, () => object>> = {
  Module: () => layers.dense({ units: 2 }),
  Layer: () => layers.dense({ units: 2 }),
  KeyValueCache: () => layers.keyValueCache(layers.dense({ units: 2 }), { maxLength: 4 }),
  Model: compiledModel,
  ModelSteps: compiledModel,
  Sequential: compiledModel,
  Optimizer: () => new heddle.optimizers.SGD(),
  LossScaleOptimizer: () => new heddle.optimizers.LossScaleOptimizer({ innerOptimizer: new heddle.optimizers.SGD() }),
  EngineWorker: () => remote().engine,
  RemoteModel: remote,
};

let remoteModel: RemoteModel | undefined;

function remote(): RemoteModel {
  remoteModel ??= new RemoteModel([{ kind: "dense", config: { units: 2, inputShape: [2] } }]);
  return remoteModel;
}

afterAll(() => remoteModel?.dispose());

function compiledModel(): heddle.Sequential {
  const model = new heddle.Sequential([layers.dense({ units: 2, inputShape: [2] })]);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  return model;
}

/** What goes for a parameter of this type until it is looked at closer. */
function sample(type: string): unknown {
  if (/^BatchStream/.test(type)) return () => [[heddle.ones([2, 2]), heddle.ones([2, 2])]];
  if (/Tensor|Variable|^DataList|^Targets|^Inputs/.test(type)) return heddle.ones([2, 2]);
  if (/Layer\[\]/.test(type)) return [layers.dense({ units: 2 })];
  if (/Optimizer/.test(type)) return new heddle.optimizers.SGD();
  if (/Layer/.test(type)) return layers.dense({ units: 2 });
  if (/Numbers|Values|Array/.test(type)) return [1, 2];
  if (/=>/.test(type)) return () => undefined;
  return type === "number" ? 5 : undefined;
}

/** Calls what a row is about with these options. */
async function callWith({ entry, path, how, before, owner }: Row, options: unknown): Promise<unknown> {
  const given = [...before.map(sample), options];
  if (how === "method") {
    const make = owners[owner];
    if (make === undefined) throw new Error(`${owner}: the test needs one to call ${path.join(".")}`);
    const object = make() as Record<string, (...given: unknown[]) => unknown>;
    return object[path[path.length - 1]](...given);
  }
  const places = [modules[entry] as Record<string, unknown>];
  for (const name of path) places.push(places[places.length - 1][name] as Record<string, unknown>);
  const f = places[places.length - 1] as unknown as new (...given: unknown[]) => unknown;
  return how === "new" ? new f(...given) : (f as unknown as (...given: unknown[]) => unknown)(...given);
}

async function errorOf(row: Row, options: unknown): Promise<Error> {
  try {
    await callWith(row, options);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it must throw, got a result");
}

describe.each(rows.map((row) => [`${row.how} ${row.path.join(".")}`, row] as const))("%s", (_, row) => {
  it("refuses an unknown option and lists the known ones", async () => {
    const error = await errorOf(row, { qqqq: 1 });
    expect(error, error.message).toBeInstanceOf(heddle.ArgumentError);
    const [, list] = /: unknown option qqqq, known are (.*)$/.exec(error.message) ?? [];
    expect(list?.split(", ").sort(), error.message).toEqual([...row.options.keys()].sort());
  });

  it("refuses what is not an object of options", async () => {
    const strange = [null, 7, "same", [1, 2], new Float32Array(2), new Map(), heddle.ones([2])];
    for (const options of row.isOptional ? strange : [...strange, undefined]) {
      const error = await errorOf(row, options);
      expect(error, error.message).toBeInstanceOf(heddle.ArgumentError);
      expect(error.message).toMatch(/: options must be \{ .* \}, got /);
    }
  });
});

const typed = rows.flatMap((row) =>
  [...row.options]
    .map(
      ([name, type]) =>
        [
          name,
          /^(readonly )?([^|()]*|\([^()]*\))\[\]$|^readonly \[[^|]*\]$|^Shape$/.test(type) ? "list" : type,
        ] as const,
    )
    .filter(([, type]) => ["boolean", "number", "string", "list"].includes(type))
    .map(([name, type]) => [`${row.how} ${row.path.join(".")}: ${name}`, row, name, type] as const),
);

describe.each(typed)("%s", (_, row, name, type) => {
  it(`must be a ${type}`, async () => {
    const must = { boolean: "true or false", number: "a number", string: "a string", list: "a list" }[type];
    const strange = {
      string: ["false", '"false"'],
      null: [null, "null"],
      list: [[1], "[1]"],
      boolean: [true, "true"],
      number: [1, "1"],
    };
    for (const [kind, [value, text]] of Object.entries(strange)) {
      if (kind === type) continue;
      const error = await errorOf(row, { [name]: value });
      expect(error, error.message).toBeInstanceOf(heddle.ArgumentError);
      expect(error.message.endsWith(`: ${name} must be ${must}, got ${text}`), error.message).toBe(true);
    }
  });
});

describe("options from JavaScript", () => {
  const { conv2d, ones, optimizers, tensor } = heddle as unknown as Record<string, (...given: unknown[]) => unknown> &
    Record<"optimizers", Record<string, (...given: unknown[]) => unknown>>;

  it("are named in the error with those there are and what was meant", async () => {
    expect(() => conv2d(ones([1, 4, 4, 1]), ones([2, 2, 1, 1]), undefined, { dilation: 2 })).toThrow(
      "conv2d: unknown option dilation, known are groups, activation, strides, padding, dilationRate; " +
        "did you mean dilationRate?",
    );
    expect(() => optimizers.adam({ lr: 0.1 })).toThrow(/^adam: unknown option lr, .*; did you mean learningRate\?$/);
    const fit = compiledModel().fit(heddle.ones([2, 2]), heddle.ones([2, 2]), { batch_size: 8 } as never);
    await expect(fit).rejects.toThrow(/^fit: unknown option batch_size, .*; did you mean batchSize\?$/);
    expect(() => compiledModel().compile({ optimiser: "adam", loss: "mse" } as never)).toThrow(
      "did you mean optimizer?",
    );
    expect(() => new heddle.ModelCheckpoint({ filePath: "a" } as never)).toThrow("did you mean filepath?");
    expect(() => heddle.losses.huber.with({ Delta: 2 } as never)).toThrow("did you mean delta?");
  });

  it("are an object, not what it would hold", () => {
    expect(() => tensor(new Float32Array(6), [2, 3])).toThrow("tensor: options must be { shape, dtype }, got [2, 3]");
    expect(() => optimizers.adam(0.1)).toThrow(/^adam: options must be \{ .*learningRate.* \}, got 0.1$/);
  });

  it("reach what is made by name and configuration", () => {
    const { dense } = layers;
    expect(() => dense({ units: 1, kernelInitializer: { name: "randomNormal", std: 1 } })).toThrow(
      "did you mean stddev?",
    );
    expect(() => dense({ units: 1, kernelInitializer: { name: "zeros", value: 1 } })).toThrow("unknown option value");
    expect(() => dense({ units: 1, kernelRegularizer: { l1: 1, l3: 1 } as never })).toThrow("unknown option l3");
    expect(() => layers.fromConfig({ kind: "dense", config: { unit: 1 } })).toThrow("did you mean units?");
    expect(() => compiledModel().compile({ optimizer: "adm" as never, loss: "mse" })).toThrow("did you mean adam?");
  });

  it("keep a loss's defaults where they are undefined", () => {
    const loss = heddle.losses.huber.with({ delta: 3 });
    const [t, p] = [heddle.ones([1, 1]), heddle.zeros([1, 1])];
    expect(loss(t, p, { delta: undefined }).item()).toBe(loss(t, p).item());
  });
});

describe("a layer's options", () => {
  it("are guessed at from misspellings, other styles and abbreviations", () => {
    const guess = (options: object): string => {
      try {
        layers.conv2d(options as never);
      } catch (error) {
        return /did you mean (\w+)\?$/.exec((error as Error).message)?.[1] ?? "nothing";
      }
      return "accepted";
    };
    expect(guess({ kernel_size: 3 })).toBe("kernelSize");
    expect(guess({ dilation: 2 })).toBe("dilationRate");
    expect(guess({ stride: 2 })).toBe("strides");
    expect(guess({ bias: false })).toBe("useBias");
    expect(guess({ act: "relu" })).toBe("activation");
    expect(guess({ inputshape: [2] })).toBe("inputShape");
    expect(guess({ qqqq: 2 })).toBe("nothing");
  });

  it("are absent where they are undefined", () => {
    expect(layers.dense({ units: 2, unit: undefined, useBias: undefined } as never)).toBeInstanceOf(layers.Dense);
  });

  it("may be others in a class of one's own, and go on to its config and copies", () => {
    class Scaled extends layers.Dense {
      readonly factor: number;
      constructor(options: heddle.layers.DenseOptions & { factor: number }) {
        super(options);
        this.factor = options.factor;
      }
    }
    const scaled = new Scaled({ units: 2, factor: 3 });
    expect(scaled.config()).toMatchObject({ units: 2, factor: 3 });
    expect(scaled.copy().factor).toBe(3);
  });

  it("are checked in a class of one's own that lists them", () => {
    class Own extends layers.Layer {
      constructor(options: heddle.LayerOptions & { factor?: number } = {}) {
        super(options);
      }
      call(x: heddle.Tensor): heddle.Tensor {
        return x;
      }
    }
    layers.defineLayer("own", Own, ["factor", "name"]);
    expect(new Own({ factor: 2 }).kind).toBe("own");
    expect(() => new Own({ factr: 2 } as never)).toThrow(
      "own: unknown option factr, known are factor, name; did you mean factor?",
    );
  });

  it("leave no trace where they are refused: names count on as if nothing had happened", () => {
    layers.resetLayerNames();
    expect(() => layers.dense({ unit: 3 } as never)).toThrow(heddle.ArgumentError);
    expect(layers.dense({ units: 3 }).name).toBe("dense");
  });
});
