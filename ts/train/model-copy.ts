// What a copy of a model gets beside what its constructor makes: parts that are built alike, and fields that were set later.
import { mapLeaves } from "../layers/config.ts";
import { Layer } from "../layers/layer.ts";
import { matched } from "../layers/matching.ts";
import { buildFor, followTrainable, type Module, STRUCTURE, shapesOf } from "../layers/module.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { Variable } from "../tensor/variable.ts";

/**
 * The copy, as built as the model, so that weights can be taken over, and as frozen unless it is told otherwise.
 * ArgumentError where it has other weights.
 */
export function completed<M extends Layer>(model: M, made: M, isTold: boolean): M {
  const shapes = shapesOf(model);
  buildFor(made, shapes);
  copyFields(model, made);
  buildFor(made, shapes);
  if (model.built) matched("copy", model[STRUCTURE]().weights, made[STRUCTURE]().weights, ArgumentError);
  if (!isTold) followTrainable(made, model);
  return made;
}

/** Gives the copy each field that it does not have; layers and variables in it are copied, or are those of the same path. */
function copyFields(model: Module, made: Module): void {
  const [own, others] = [model[STRUCTURE](), made[STRUCTURE]()];
  const copies = new Map<unknown, unknown>();
  for (const [path, part] of own.modules) copies.set(part, others.modules.get(path));
  for (const [path, x] of own.weights) copies.set(x, others.weights.get(path));
  const copied = (part: unknown): unknown => {
    const known = copies.get(part);
    if (known !== undefined) return known;
    if (part instanceof Layer) copies.set(part, part.copy({ name: part.name }));
    else if (part instanceof Variable)
      copies.set(part, new Variable(part, { name: part.name, trainable: part.trainable }));
    return copies.get(part) ?? part;
  };
  for (const [name, value] of Object.entries(model)) {
    if (value === undefined || Reflect.get(made, name) !== undefined) continue;
    Reflect.set(made, name, mapLeaves(value, copied));
  }
}
