// Command-line flags of an example: read, checked and explained from one table.
import { parseArgs } from "node:util";

/** A whole number, a path, or something that is there or not. */
export type Flag =
  | { kind: "number"; default: number; least?: number; most?: number; help: string; defaultText?: string }
  | { kind: "path"; default: string; help: string }
  | { kind: "switch"; help: string };

export interface Program<F extends Record<string, Flag>> {
  name: string;
  /** What people type before the flags. */
  command: string;
  /** One sentence or two. */
  does: string;
  flags: F;
}

type ValueOf<F extends Flag> = F extends { kind: "number" } ? number : F extends { kind: "path" } ? string : boolean;
export type Values<F extends Record<string, Flag>> = { [Name in keyof F]: ValueOf<F[Name]> };

/** A command line that cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The flags' values, or "help" where --help is asked for. Throws UsageError for unknown flags and wrong values. */
export function readFlags<F extends Record<string, Flag>>(
  program: Program<F>,
  args: readonly string[],
): Values<F> | "help" {
  const flags = new Map(Object.entries(program.flags).map(([name, flag]) => [kebab(name), { name, flag }]));
  const options = Object.fromEntries(
    [...flags].map(([name, { flag }]) => [name, { type: flag.kind === "switch" ? "boolean" : "string" } as const]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(program.flags))
    values[name] = flag.kind === "switch" ? false : flag.default;
  for (const token of tokens) {
    if (token.kind === "positional") {
      const remedy = `for example ${program.command} --${[...flags.keys()][0]} 1`;
      throw new UsageError(`flags must begin with --, got ${JSON.stringify(token.value)}; ${remedy}`);
    }
    if (token.kind !== "option") continue;
    if (token.name === "help" || token.name === "h") return "help";
    const known = flags.get(token.name);
    if (!known) {
      const all = [...flags.keys(), "help"].map((name) => `--${name}`).join(", ");
      throw new UsageError(`flags must be among ${all}, got ${token.rawName}`);
    }
    values[known.name] = readValue(`--${token.name}`, known.flag, token.value);
  }
  return values as Values<F>;
}

/** The flags' values. Prints help and ends with 0, or one line about what is wrong and ends with 2. */
export function flagsOrExit<F extends Record<string, Flag>>(program: Program<F>, args: readonly string[]): Values<F> {
  try {
    const values = readFlags(program, args);
    if (values !== "help") return values;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return exitUsage(program, error.message);
  }
  process.stdout.write(helpText(program));
  process.exit(0);
}

/** Prints one line about what is wrong with the command line and ends with 2. */
export function exitUsage({ name }: { readonly name: string }, message: string): never {
  process.stderr.write(`${name}: ${message}\n`);
  process.exit(2);
}

export function helpText<F extends Record<string, Flag>>({ command, does, flags }: Program<F>): string {
  const rows = Object.entries(flags).map(([name, flag]): [string, string] => {
    const value = { number: " N", path: " PATH", switch: "" }[flag.kind];
    const standard = flag.kind === "switch" ? "" : ` (${(flag.kind === "number" && flag.defaultText) || flag.default})`;
    return [`--${kebab(name)}${value}`, `${flag.help}${standard}`];
  });
  rows.push(["--help", "this text"]);
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}\n`);
  return `Usage: ${command} [flags]\n\n${does}\n\n${lines.join("")}`;
}

function readValue(name: string, flag: Flag, text: string | undefined): unknown {
  if (flag.kind === "switch") {
    if (text !== undefined) throw new UsageError(`${name} must stand alone, got ${JSON.stringify(text)}`);
    return true;
  }
  if (flag.kind === "path") {
    if (!text) throw new UsageError(`${name} must be followed by a path, got nothing`);
    return text;
  }
  const { least = 1, most = Number.MAX_SAFE_INTEGER } = flag;
  const value = Number(text);
  if (!/^\d+$/.test(text ?? "") || value < least || value > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new UsageError(
      `${name} must be a whole number ${range}, got ${text === undefined ? "nothing" : JSON.stringify(text)}`,
    );
  }
  return value;
}

/** batchSize -> batch-size */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
