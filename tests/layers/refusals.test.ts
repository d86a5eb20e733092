// What layers and configurations are given wrongly: each is a typed error or works, and none is an error of JavaScript's own.
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  DtypeError,
  FormatError,
  layers,
  Model,
  ones,
  Sequential,
  ShapeError,
  StateError,
  zeros,
} from "../../ts/index.ts";
import { modelFromConfig } from "../../ts/train/model-config.ts";
import { cases } from "./cases/index.ts";

const typed = [ArgumentError, ShapeError, DtypeError, StateError, FormatError];
const { dense } = layers;
type Config = { [option: string]: never };

/** What of these is an error that no user should see, or gives what is no layer. */
function strange(tries: readonly (readonly [what: string, make: () => unknown])[]): string[] {
  return tries.flatMap(([what, make]) => {
    try {
      const made = make();
      return made instanceof layers.Layer || made instanceof layers.Symbolic ? [] : [`${what}: gave ${typeof made}`];
    } catch (error) {
      return typed.some((one) => error instanceof one) ? [] : [`${what}: ${error}`];
    }
  });
}

const wrong: Record<string, unknown> = {
  null: null,
  record: {},
  list: [],
  "list of null": [null],
  "list with holes": new Array(2),
  text: "x",
  number: -1.5,
  true: true,
  tensor: ones([2]),
  class: layers.Dense,
  function: () => undefined,
  layer: { kind: "dense" },
  "layer without options": { kind: "dense", config: {} },
};

const rows = Object.entries(cases);

describe("an option of another type, or none", () => {
  it.each(rows)("of %s", (_, { make, input }) => {
    const layer = make();
    const { kind } = layer;
    const config = (): Config => JSON.parse(JSON.stringify(layer.config()));
    const own = layer.constructor as new (options: object) => layers.Layer;
    const known = (): string[] => {
      try {
        new own({ strange: 1 });
      } catch (error) {
        return (/known are ([^;]*)/.exec(`${error}`)?.[1] ?? "").split(", ");
      }
      return [];
    };
    const options = [...known(), "trainableParts"];
    expect(options).toContain("name");
    const build = (options: object, make: (options: never) => layers.Layer): layers.Layer => {
      const made = make(options as never);
      made.ensureBuilt(input);
      made.config();
      return made;
    };
    const without = (option: string): object => {
      const { [option]: _, ...rest } = config();
      return rest;
    };
    expect(
      strange([
        ...options.map(
          (option) =>
            [`no ${option}`, () => build(without(option), (o) => layers.fromConfig({ kind, config: o }))] as const,
        ),
        ...options.flatMap((option) =>
          Object.entries(wrong).flatMap(([what, value]) => [
            [
              `${option}, read: ${what}`,
              () => build({ ...config(), [option]: value }, (o) => layers.fromConfig({ kind, config: o })),
            ] as const,
            [`${option}: ${what}`, () => build({ [option]: value }, (o) => layer.copy(o))] as const,
          ]),
        ),
      ]),
    ).toEqual([]);
  });

  it("is refused by name, also where only what is made of it would show it", () => {
    expect(() => dense({ units: 1, name: 5 as never })).toThrow("dense: name must be a string, got 5");
    expect(() => dense({ units: 1, activation: layers.Dense as never })).toThrow("activation: it must be a name");
    expect(() => dense({ units: 1, kernelRegularizer: [] as never })).toThrow("regularizer");
    expect(() => layers.rnn({ cell: layers.LSTMCell as never })).toThrow("cell must be a recurrent cell");
    expect(() => layers.prelu({ sharedAxes: ["x"] as never })).toThrow("sharedAxes must be a whole number");
    const layer = layers.lstm({ units: 1 });
    expect(() => layers.bidirectional({ layer, backwardLayer: {} as never })).toThrow(
      "backwardLayer must be a recurrent",
    );
    expect(() => dense({ units: 1 }).ensureBuilt("x" as never)).toThrow("dense");
  });
});

it("of any kind at all is refused, or works", () => {
  const message = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      return `${error}`;
    }
    return "";
  };
  const kinds = (/one of (.*), got/.exec(message(() => layers.fromConfig({ kind: "?", config: {} })))?.[1] ?? "").split(
    ", ",
  );
  expect(kinds.length).toBeGreaterThan(90);
  // What an op makes of symbolic inputs is asked for its op first.
  for (const kind of kinds.filter((one) => one !== "operation")) {
    const names = (
      /known are (.*?)(;|$)/.exec(message(() => layers.fromConfig({ kind, config: { strange: 1 } })))?.[1] ?? ""
    ).split(", ");
    expect(names).toContain("name");
    const tries = names.flatMap((option) =>
      Object.entries(wrong).map(([what, value]) => {
        return [
          `${kind}, ${option}: ${what}`,
          () => layers.fromConfig({ kind, config: { [option]: value as never } }),
        ] as const;
      }),
    );
    expect(strange([...tries, [kind, () => layers.fromConfig({ kind, config: {} })]])).toEqual([]);
  }
});

it("factories refuse what are no options", () => {
  const factories = Object.entries(layers).filter(([name, f]) => typeof f === "function" && /^[a-z]/.test(name));
  const tries = factories.flatMap(([name, f]) =>
    Object.entries({ ...wrong, undefined }).map(([what, options]) => {
      const make = (): unknown => (f as (options: unknown) => unknown)(options) ?? dense({ units: 1 });
      return [`${name}(${what})`, make] as const;
    }),
  );
  const none = /^(attachMask|maskOf|resetLayerNames)/;
  expect(tries.length).toBeGreaterThan(1000);
  expect(strange(tries).filter((line) => !none.test(line))).toEqual([]);
});

describe("a call", () => {
  it.each([undefined, 5, { y: 1 }, [undefined], "x", null])("must return tensors: %j", async (value) => {
    class Forgetful extends Model {
      override call(): never {
        return value as never;
      }
    }
    expect(() => new Forgetful().apply(ones([1, 2]))).toThrow(/^forgetful.*: what call returns must be a tensor/);
    await expect(new Forgetful().predict(ones([1, 2]))).rejects.toThrow(ArgumentError);
  });
});

describe("a configuration of a model", () => {
  const x = layers.input({ shape: [2] });
  const y = layers.add().apply([dense({ units: 2 }).apply(x), x]);
  const drawn = new Model({ inputs: x, outputs: y });
  const row = new Sequential([dense({ units: 2, inputShape: [2] }), layers.relu()]);
  const values = [...Object.values(wrong), 99, -1, [99], [[0, 99]], [[99, 0]], [[0]], [[]], [5], { 0: 1 }];

  it.each([drawn, row])("is a model or refused, whatever is exchanged in it: $kind", (model) => {
    const config = (): Config => JSON.parse(JSON.stringify(model.config()));
    const tries = [...Object.keys(config()), "trainableParts"].flatMap((field) => [
      [
        `no ${field}`,
        () => {
          const { [field]: _, ...rest } = config();
          const made = layers.fromConfig({ kind: model.kind, config: rest });
          expect(
            ["name", "trainable", "inputShape", "trainableParts"].includes(field) && made.sublayers().length > 0,
          ).toBe(true);
          return made;
        },
      ] as const,
      ...values.map(
        (value, i) =>
          [
            `${field}, ${i}`,
            () => layers.fromConfig({ kind: model.kind, config: { ...config(), [field]: value as never } }),
          ] as const,
      ),
    ]);
    expect(strange(tries)).toEqual([]);
  });

  it("names what is wrong", () => {
    const config = drawn.config() as Config;
    expect(() => layers.fromConfig({ kind: "sequential", config: {} })).toThrow(
      "sequential: layers must be a list, got undefined",
    );
    expect(() => layers.fromConfig({ kind: "functional", config: { ...config, outputs: [9] } })).toThrow(
      "functional: an output must be a whole number of at least 0 and at most 2, got 9",
    );
    expect(() => layers.fromConfig({ kind: "functional", config: { ...config, calls: [[9, 0]] } })).toThrow(
      "functional: the layer of a call",
    );
    expect(() => layers.fromConfig({ kind: "functional", config: { ...config, calls: [[1, 7]] } })).toThrow(
      "functional: an input of a call",
    );
    expect(() => layers.fromConfig({ kind: "dens", config: {} })).toThrow("did you mean dense?");
    expect(() => layers.fromConfig({ kind: "dense", config: null as never })).toThrow(
      "config of dense must be a record, got null",
    );
    expect(() =>
      layers.fromConfig({ kind: { kind: "dense", config: {} } as never, config: undefined as never }),
    ).toThrow(ArgumentError);
    expect(() => layers.fromConfig({ kind: "dense", config: { units: 1, trainableParts: { kernel: 1 } } })).toThrow(
      "dense: trainableParts[kernel] must be true or false, got 1",
    );
    const shared = { kind: "dense", shared: "a" };
    expect(() => layers.fromConfig({ kind: "sequential", config: { layers: [shared] } })).toThrow(
      "shared must name a layer before it, got a",
    );
    for (const none of [null, undefined, 5, "x", []])
      expect(() => modelFromConfig(none as never)).toThrow(ArgumentError);
  });

  it("does not contain itself", () => {
    const list: unknown[] = [];
    const config = { layers: list };
    list.push({ kind: "sequential", config });
    expect(() => layers.fromConfig({ kind: "sequential", config: config as never })).toThrow("must not contain itself");
    let deep: unknown = { kind: "relu", config: {} };
    for (let i = 0; i < 20000; i++) deep = { kind: "sequential", config: { layers: [deep] } };
    expect(() => layers.fromConfig({ kind: "sequential", config: { layers: [deep] } as never })).toThrow("1000 deep");
    // Nothing is left behind.
    expect(layers.fromConfig({ kind: "dense", config: { units: 1 } }).kind).toBe("dense");
  });
});

it("defineLayer takes classes of layers", () => {
  for (const given of [undefined, null, {}, Map, () => {}, dense]) {
    expect(() => layers.defineLayer("own", given as never)).toThrow("defineLayer: own must be a class of layers, got");
  }
});

describe("what is set, attached and made by hand", () => {
  const given = ["false", 0, 1, null, undefined, {}, []];

  it.each(given)("trainable is true or false, not %j", (value) => {
    const layer = dense({ units: 1 });
    layer.ensureBuilt([1]);
    const message = "trainable must be true or false";
    expect(() => (layer.trainable = value as never)).toThrow(message);
    expect(() => (layer.weights[0].trainable = value as never)).toThrow(message);
    expect(layer.trainableWeights.length).toBe(2);
  });

  it("masks are boolean, and fit", () => {
    const x = ones([2, 3, 4]);
    const { attachMask, maskOf } = layers;
    expect(() => attachMask(x, ones([2, 3]) as never)).toThrow(DtypeError);
    for (const shape of [[2, 4], [3], [2, 3, 4, 1]]) {
      expect(() => attachMask(x, zeros(shape).cast("bool") as never)).toThrow(ShapeError);
    }
    for (const none of [null, 5, "x"]) {
      expect(() => attachMask(x, none as never)).toThrow(ArgumentError);
      expect(() => attachMask(none as never, undefined)).toThrow(ArgumentError);
      expect(() => maskOf(none as never)).toThrow(ArgumentError);
    }
    expect(maskOf(x)).toBeUndefined();
  });

  it("addWeight refuses what it does not know", () => {
    class Own extends layers.Layer {
      readonly #options: object;
      constructor(options: object) {
        super("own");
        this.#options = options;
      }
      override build(): void {
        this.addWeight("w", this.#options as never);
      }
      call(x: never): never {
        return x;
      }
    }
    const build = (options: object) => () => new Own(options).ensureBuilt([1]);
    expect(build({ shape: [1], regulariser: "l2" })).toThrow("unknown option regulariser");
    expect(build({ shape: [1], trainable: "no" })).toThrow("trainable must be true or false");
    expect(build({ shape: 5 })).toThrow("shape must be a list, got 5");
    expect(build(undefined as never)).toThrow(ArgumentError);
    expect(build({ shape: [1] })).not.toThrow();
  });

  it("copies are changed by records, and a loss is no class", () => {
    for (const changes of [null, 5, "x", true, []]) {
      expect(() => dense({ units: 1 }).copy(changes as never)).toThrow("what a copy changes must be a record");
    }
    expect(() => new Sequential().compile({ loss: layers.Dense as never })).toThrow("loss: it must be a name");
    expect(() => new Sequential([dense({ units: 1 })]).getLayer({} as never)).toThrow("getLayer");
  });
});
