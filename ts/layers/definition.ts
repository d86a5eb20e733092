// Definitions: whatever has a name is defined once, in its own file, and found by name among the library's and the
// user-defined ones.
import { config as configNames, type Names } from "../generated/options.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { type Json, lookUp } from "./config.ts";

/** A name with options: `{ kind: "adam", config: { learningRate: 0.01 } }`. */
export interface Config<Kind extends string = string, Options = { readonly [option: string]: Json }> {
  readonly kind: Kind;
  readonly config?: Options;
}

/** A class that is constructed from one record of options. */
export type OptionsClass<Made extends object = object> = new (options: never) => Made;

/**
 * A function that makes objects of a class from options, and knows its name.
 *
 * @typeParam C - The class.
 * @typeParam Make - The call.
 */
export type Definition<
  C extends OptionsClass,
  Make = (...options: ConstructorParameters<C>) => InstanceType<C>,
> = Make & DefinitionDetails<C>;

/** Details of a definition. */
export interface DefinitionDetails<C extends OptionsClass = OptionsClass> {
  /** Its name in files. */
  readonly kind: string;
  /** The class. */
  readonly made: C;
  /** The names of its options; undefined where they are not known. */
  readonly optionNames: Names | undefined;
}

/** The key of a class's definition. */
const DEFINITION: unique symbol = Symbol("definition");

/** A definition; `details` are what those of a sort know too. */
export function definition<C extends OptionsClass, Details>(
  kind: string,
  made: C,
  optionNames: Names | undefined,
  details?: Details,
): Definition<C> & Details {
  const make = (...options: ConstructorParameters<C>): object => new made(...(options as [never]));
  return Object.assign(make, { kind, made, optionNames }, details) as unknown as Definition<C> & Details;
}

/** Defines a class, from which subclasses without a definition of their own inherit it. */
export function defineClass<C extends OptionsClass, Details>(
  kind: string,
  made: C,
  optionNames: Names | undefined,
  details: Details,
): Definition<C> & Details {
  return Object.assign(made, { [DEFINITION]: definition(kind, made, optionNames, details) })[DEFINITION];
}

/**
 * The definition of the class that is being constructed, or of the nearest above it: `otherwise`, where it is known to this one.
 * A class's own checks the options.
 */
export function definitionOf<D extends DefinitionDetails>(
  target: object,
  options: object | undefined,
  otherwise?: D | string,
): D | undefined {
  const known = (target as { [DEFINITION]?: D })[DEFINITION] ?? otherwise;
  if (known === undefined || typeof known === "string") return undefined;
  if (known.optionNames) {
    checkOptions<object>(camelCase(known.kind), options, known.optionNames as never, known.made === target);
  }
  return known;
}

/** ArgumentError for what is of a class without a definition of its own, unless that is `plain`: its kind would make another. */
export function requireDefined(thing: object, plain: object): void {
  const made = thing.constructor as { readonly name: string; [DEFINITION]?: DefinitionDetails };
  if (made === plain || made[DEFINITION]?.made === made) return;
  throw new ArgumentError(`save: ${made.name} must be defined by a name of its own, got a class that is not`);
}

/** What the factory of a kind is called: maxPooling2d of max_pooling2d. */
export function camelCase(kind: string): string {
  return kind.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
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

/** What a configuration makes by these makers, and before it what configurations among its options make. */
export function readNested<T>(
  sort: string,
  config: Config | string,
  makers: { readonly [name: string]: (options: object) => T },
  depth = 0,
): T {
  const { kind, options = {} } = readConfig(sort, config);
  if (depth > 100) throw new ArgumentError(`${sort}: a configuration must be at most 100 deep, got one that is deeper`);
  const isConfig = (value: Json): value is Json & Config => typeof (value as { kind?: Json } | null)?.kind === "string";
  const read = Object.entries(options).map(([option, value]) => [
    option,
    isConfig(value) ? readNested(sort, value, makers, depth + 1) : value,
  ]);
  return lookUp(sort, kind, makers)(Object.fromEntries(read));
}
