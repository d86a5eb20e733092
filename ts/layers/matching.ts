// Matches given tensors to wanted ones by name; everything is checked before anything is changed.
import { FormatError } from "../runtime/errors.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";

/** Dtype and shape, which must agree between two tensors of one name. */
export interface Described {
  readonly dtype: Dtype;
  readonly shape: Shape;
}

type Names = readonly string[];

/**
 * What is given for each of the wanted, in their order. Errors, by default FormatError: names that are missing or
 * unknown, and the name, shape and dtype of what does not fit.
 */
export function matched<G extends Described>(
  where: string,
  wanted: ReadonlyMap<string, Described>,
  given: ReadonlyMap<string, G>,
  Failure: new (message: string) => Error = FormatError,
): G[] {
  const missing = [...wanted.keys()].filter((name) => !given.has(name));
  const strange = [...given.keys()].filter((name) => !wanted.has(name));
  if (missing.length + strange.length > 0) {
    const some = (names: Names): string => (names.length > 0 ? ` (${names.slice(0, 3).join(", ")})` : "");
    throw new Failure(
      `${where}: there must be just the ${wanted.size} tensors wanted, ` +
        `got ${missing.length} missing${some(missing)} and ${strange.length} unknown${some(strange)}`,
    );
  }
  return [...wanted].map(([name, x]) => {
    const found = given.get(name) as G;
    if (found.dtype === x.dtype && sameShape(found.shape, x.shape)) return found;
    const text = ({ dtype, shape }: Described): string => `${dtype} ${formatShape(shape)}`;
    throw new Failure(`${where}: ${name} must be ${text(x)}, got ${text(found)}`);
  });
}

/**
 * `given` under the wanted names, where it has them or those of another naming; else in order, where the same kinds of
 * tensors follow each other: names of layers count on from model to model.
 */
export function renamed<G>(given: ReadonlyMap<string, G>, wanted: Names, ...others: Names[]): ReadonlyMap<string, G> {
  const known = [...given.keys()];
  const naming = [wanted, ...others].find((names) => {
    const set = new Set(names);
    return set.size === names.length && set.size === known.length && known.every((name) => set.has(name));
  });
  const inOrder = known.length === wanted.length && known.every((name, i) => lastOf(name) === lastOf(wanted[i]));
  const names = naming ?? (inOrder ? known : undefined);
  return names ? new Map(names.map((name, i) => [wanted[i], given.get(name) as G])) : given;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
