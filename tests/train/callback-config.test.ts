// Callbacks as plain JSON: by name and options, and made again from them.
import { expect, it } from "vitest";
import all from "../../ts/generated/callbacks.ts";
import * as heddle from "../../ts/index.ts";

const options: { readonly [name in keyof typeof all]: object } = {
  modelCheckpoint: { filepath: "x.safetensors", saveFreq: 5 },
  backupAndRestore: { backupDir: "x" },
  terminateOnNaN: { raiseError: true },
  swapEMAWeights: { swapOnEpoch: true },
  csvLogger: { filename: "x.csv", append: true },
  earlyStopping: { monitor: "loss", patience: 3 },
  reduceLROnPlateau: { factor: 0.5 },
  tensorBoard: { logDir: "x" },
};

it.each(Object.entries(options))("%s travels with its options", (kind, config) => {
  expect(new Map(Object.entries<unknown>(heddle)).get(kind)).toBe(new Map(Object.entries<unknown>(all)).get(kind));
  const callback = heddle.callbackFromConfig({ kind, config: config as never }) as heddle.StatefulCallback;
  const written = JSON.parse(JSON.stringify({ kind: callback.kind, config: callback.config() }));
  expect(written).toEqual({ kind, config });
  expect(heddle.callbackFromConfig(written).constructor).toBe(callback.constructor);
});

it("a callback of one's own is found once it is defined", () => {
  class Count extends heddle.StatefulCallback implements heddle.Callback {
    readonly from: number;
    constructor(options: { from?: number } = {}) {
      super(options);
      this.from = options.from ?? 0;
    }
    onEpochEnd(epoch: number, logs: heddle.Logs): void {
      logs.count = this.from + epoch;
    }
  }
  expect(() => new Count().config()).toThrow("callback: to be saved or sent, it must be of a class of defineCallback");
  const count = heddle.defineCallback("count", Count, ["from#"]);
  expect((heddle.callbackFromConfig({ kind: "count", config: { from: 2 } }) as Count).from).toBe(2);
  expect(count({ from: 3 }).config()).toEqual({ from: 3 });
  expect(() => count({ form: 3 } as never)).toThrow("count: unknown option form, known are from");
});

it.each<[string, () => unknown]>([
  [
    "earlyStopping: unknown option patiance",
    () => heddle.callbackFromConfig({ kind: "earlyStopping", config: { patiance: 1 } }),
  ],
  ["callback: the name must be one of", () => heddle.callbackFromConfig("stop")],
  ["defineCallback: kind must be a string", () => heddle.defineCallback(1 as never, Map as never)],
  ["defineCallback: there must be a function", () => heddle.defineCallback("none", {} as never)],
])("%s", (message, f) => {
  expect(f).toThrow(message);
  expect(f).toThrow(expect.objectContaining({ name: "ArgumentError" }));
});
