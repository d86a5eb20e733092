// The profiler: while it is on, every launch is timed, those of captured programs one by one. launch.ts and program.ts run
// the launches and report them here.

import { type Kernels, kernels } from "../generated/kernels.ts";
import { requireFunction, requireNoOptions } from "./arguments.ts";
import { StateError } from "./errors.ts";
import type { Operand } from "./operand.ts";

/** What one kernel did on operands of the same shapes. */
export interface ProfileRow {
  readonly kernel: string;
  /** Shapes of what it wrote and read: `[32, 26, 26, 32] <- [32, 28, 28, 1] [1, 4, 9, 8] [32]`. */
  readonly shapes: string;
  calls: number;
  seconds: number;
  /** Floating-point operations of all calls, 0 where the kernel does not say. */
  flops: number;
  /** Bytes of all operands of all calls, each counted once a call. */
  bytes: number;
}

/** What `profile` returns: the function's result, and the rows, slowest first. */
export interface Profile<T> {
  readonly result: T;
  /** Seconds from the function's start to its end. */
  readonly seconds: number;
  readonly rows: readonly ProfileRow[];
  /** The rows as a table. */
  toString(): string;
}

const names = Object.keys(kernels) as (keyof Kernels)[];

export class Profiler {
  private readonly rows = new Map<string, ProfileRow>();

  /** Notes one run of a kernel. */
  note(
    kernel: number,
    shapes: string,
    numbers: readonly number[],
    units: number,
    bytes: number,
    seconds: number,
  ): void {
    const name = names[kernel];
    const key = `${name} ${shapes}`;
    let row = this.rows.get(key);
    if (row === undefined)
      this.rows.set(key, (row = { kernel: name, shapes, calls: 0, seconds: 0, flops: 0, bytes: 0 }));
    row.calls++;
    row.seconds += seconds;
    row.flops += kernels[name].flops?.(numbers, units) ?? 0;
    row.bytes += bytes;
  }

  /** Notes an eager launch. */
  noteLaunch(kernel: number, kinds: string, units: number, args: readonly unknown[], seconds: number): void {
    const numbers = args.filter((arg) => typeof arg === "number");
    const operands = args.filter((arg) => typeof arg === "object") as Operand[];
    const bytes = operands.reduce((sum, { buffer }) => sum + buffer.bytes, 0);
    this.note(kernel, shapesOf(kinds, args), numbers, units, bytes, seconds);
  }

  /** All rows, slowest first. */
  sorted(): ProfileRow[] {
    return [...this.rows.values()].sort((a, b) => b.seconds - a.seconds);
  }
}

/** The profiler that is on, if one is; asked for at every launch. */
export const profiling: { current: Profiler | undefined } = { current: undefined };

/** The shapes of a launch's operands: those written before the arrow, those read after it. */
export function shapesOf(kinds: string, args: readonly unknown[]): string {
  const of = (isWanted: (kind: string) => boolean): string[] =>
    [...kinds].flatMap((kind, i) => {
      const shape = isWanted(kind) ? (args[i] as Operand | undefined)?.shape : undefined;
      return shape === undefined ? [] : [`[${shape.join(", ")}]`];
    });
  const [written, read] = [of((kind) => "wu".includes(kind)), of((kind) => kind === "r")];
  return [...written, ...(read.length > 0 ? ["<-", ...read] : [])].join(" ");
}

/**
 * Runs `f` and times every kernel: calls, seconds, floating-point operations and bytes for each kernel and shapes. Meanwhile
 * the launches of captured steps run one after the other, each on all threads. Errors: StateError inside another profile.
 */
export function profile<T>(f: () => Promise<T>, ...none: never[]): Promise<Profile<T>>;
export function profile<T>(f: () => T, ...none: never[]): Profile<T>;
export function profile<T>(f: () => T | Promise<T>, ...none: never[]): Profile<T> | Promise<Profile<T>> {
  requireNoOptions("profile", ...none);
  requireFunction("profile", f);
  if (profiling.current) throw new StateError("profile: no other profile must be running, got a call inside one");
  const profiler = new Profiler();
  profiling.current = profiler;
  const began = performance.now();
  const end = (result: T): Profile<T> => {
    profiling.current = undefined;
    const seconds = (performance.now() - began) / 1000;
    const rows = profiler.sorted();
    return { result, seconds, rows, toString: () => table(rows, seconds) };
  };
  const fail = (error: unknown): never => {
    profiling.current = undefined;
    throw error;
  };
  try {
    const result = f();
    return result instanceof Promise ? result.then(end, fail) : end(result);
  } catch (error) {
    return fail(error);
  }
}

/** Rows that the table shows; the rest is summed up. */
const SHOWN = 24;

function table(rows: readonly ProfileRow[], seconds: number): string {
  const rate = (amount: number, row: ProfileRow): string => (amount > 0 ? (amount / row.seconds / 1e9).toFixed(1) : "");
  const total = (name: string, rows: readonly ProfileRow[]): string[] => {
    const inRows = rows.reduce((sum, row) => sum + row.seconds, 0);
    return [name, "", (inRows * 1e3).toFixed(1), `${((100 * inRows) / seconds).toFixed(1)} %`, "", "", "", ""];
  };
  const others = rows.slice(SHOWN);
  const lines = [
    ["kernel", "calls", "ms", "share", "us/call", "GFLOP/s", "GB/s", "shapes"],
    ...rows
      .slice(0, SHOWN)
      .map((row) => [
        row.kernel,
        String(row.calls),
        (row.seconds * 1e3).toFixed(1),
        `${((100 * row.seconds) / seconds).toFixed(1)} %`,
        ((row.seconds / row.calls) * 1e6).toFixed(1),
        rate(row.flops, row),
        rate(row.bytes, row),
        row.shapes,
      ]),
    ...(others.length > 0 ? [total(`${others.length} others`, others)] : []),
    total("all kernels", rows),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const isText = (column: number): boolean => column === 0 || column === lines[0].length - 1;
  return lines
    .map((line) =>
      line
        .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
