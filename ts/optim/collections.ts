// Lists and records of variables, and the gradients that belong to them.
import { requireFloat } from "../autograd/op.ts";
import { textOf } from "../runtime/arguments.ts";
import { ArgumentError, ShapeError } from "../runtime/errors.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";

/** A list or record of things, such as variables or their gradients. */
export type Collection<T> = readonly T[] | { readonly [name: string]: T };

/** ArgumentError for what is no list or record. */
function requireCollection(what: string, given: unknown): void {
  if (typeof given === "object" && given !== null) return;
  throw new ArgumentError(`step: ${what} must be in a list or record, got ${textOf(given)}`);
}

/** ArgumentError for what is no list or record of variables. */
export function requireVariables(variables: Collection<Variable>): void {
  requireCollection("variables", variables);
  const strange = Object.entries(variables).find(([, variable]) => !(variable instanceof Variable));
  if (strange === undefined) return;
  throw new ArgumentError(`step: what is updated must be variables, got something else at ${strange[0]}`);
}

/** The gradients in the order of their variables. */
export function paired(variables: Collection<Variable>, gradients: Collection<Tensor>): Tensor[] {
  requireVariables(variables);
  requireCollection("gradients", gradients);
  const byName = new Map(Object.entries<Tensor | undefined>(gradients));
  const entries = Object.entries<Variable>(variables);
  const remedy = "; build the model (call it once) before its weights and gradients are asked for";
  if (entries.length === 0) throw new ArgumentError(`step: there must be variables to update, got none${remedy}`);
  if (entries.length !== byName.size) {
    throw new ArgumentError(
      `step: each variable must have one gradient, got ${byName.size} for ${entries.length}${byName.size === 0 ? remedy : ""}`,
    );
  }
  return entries.map(([name, variable]) => {
    requireDtype("step", variable.name, variable.dtype, "f32");
    const gradient = byName.get(name);
    if (gradient !== undefined) requireFloat("step", `the gradient of ${variable.name}`, gradient);
    if (gradient === undefined || !sameShape(gradient.shape, variable.shape)) {
      const got = gradient === undefined ? "none" : formatShape(gradient.shape);
      const wanted = formatShape(variable.shape);
      throw new ShapeError(`step: the gradient of ${variable.name} must have its shape ${wanted}, got ${got}`);
    }
    return gradient;
  });
}
