// Callbacks by name: those of the library, and those of one's own.
import all from "../../generated/callbacks.ts";
import type { Names } from "../../generated/options.ts";
import { type Config, type Definition, type OptionsClass, readNested } from "../../layers/definition.ts";
import { requireFunction, requireType } from "../../runtime/arguments.ts";
import { type Callback, defineCallback as define } from "./callback.ts";

type Maker = (options: object) => Callback;

/** Those that were defined since. */
const defined = new Map<string, Maker>();

/**
 * Registers a callback class of your own, so that `callbackFromConfig` and engine workers find it by name; a later one
 * of the same name replaces it. The class takes one record of options; one that extends `StatefulCallback` and passes
 * them to it has `kind` and `config()`. Options are checked against optionNames; by default every option is accepted.
 * The result makes callbacks of the class.
 * Errors: ArgumentError unless they are a string and a class.
 */
export function defineCallback<C extends OptionsClass<Callback>>(
  kind: string,
  made: C,
  optionNames?: Names,
): Definition<C> {
  requireType("defineCallback", "kind", kind, "string");
  requireFunction("defineCallback", made);
  const definition = define(kind, made, optionNames);
  defined.set(kind, definition as object as Maker);
  return definition;
}

/**
 * The callback of this name, with these options: `{ kind: "earlyStopping", config: { patience: 3 } }`, as its `kind` and `config()`
 * say.
 * Errors: ArgumentError for an unknown name, and for options that it does not have.
 */
export function callbackFromConfig(config: Config | string): Callback {
  return readNested("callback", config, { ...all, ...Object.fromEntries(defined) } as { [name: string]: Maker });
}
