// What has a name is defined once, in the file that makes it. By the name it is found again: among those of the library, and
// those that were defined since.
import { config as configNames } from "../generated/options.ts";
import { checkOptions } from "../runtime/options.ts";
import { type Json, lookUp } from "./config.ts";

/** Something by name, with options: `{ kind: "adam", config: { learningRate: 0.01 } }`. */
export interface Config<Kind extends string = string, Options = { readonly [option: string]: Json }> {
  readonly kind: Kind;
  readonly config?: Options;
}

/** The one of this name. ArgumentError, listing the names of this sort, for others. */
export function find<T>(
  sort: string,
  name: unknown,
  library: { readonly [name: string]: T },
  defined: ReadonlyMap<string, T>,
): T {
  return lookUp(sort, name, { ...library, ...Object.fromEntries(defined) });
}

/** A configuration's parts; a name alone is one too. */
export function readConfig(
  sort: string,
  given: Config | string,
): { kind: string; options: { readonly [option: string]: Json } | undefined } {
  if (typeof given === "string") return { kind: given, options: undefined };
  const { kind, config } = checkOptions(sort, given, configNames);
  return { kind, options: config };
}
