// The optimizers that a model has beside the one it is compiled with.
import { Optimizer } from "../optim/optimizer.ts";

/** Those among the properties of a model, alone or in lists and records, by their paths. */
export function optimizersOf(model: object): Map<string, Optimizer> {
  const isRecord = (x: object): boolean => Object.getPrototypeOf(x) === Object.prototype;
  const all = Object.entries(model).flatMap(([name, value]: [string, unknown]) =>
    Array.isArray(value) || isRecord(Object(value))
      ? Object.entries(Object(value)).map(([key, item]) => [`${name}/${key}`, item] as const)
      : [[name, value] as const],
  );
  return new Map(all.filter((one): one is [string, Optimizer] => one[1] instanceof Optimizer));
}
