// The types of serve.js: what a contender's tasks are made of.
import type { Product } from "./inputs.d.ts";

/** Work that is repeated for a whole round: `amountPerStep` is what one step does, in the question's measure. */
export interface RepeatedTask {
  amountPerStep: number;
  step(): void | Promise<unknown>;
  check?(): number | Promise<number>;
  /** Frees what the task holds, before another is prepared in the same process. */
  end?(): void;
}

/** Work that is its own round, of about so many seconds where it can choose. */
export interface WholeTask {
  round(seconds: number): Promise<{ amount: number; seconds: number; check: number }>;
}

export type Task = RepeatedTask | WholeTask;

/** The question's options; every task reads its own. */
export interface Options extends Product {
  threads: number;
  /** Only in Heddle's: V8's 256-bit vectors. */
  wide?: boolean;
  mnist: string;
  size: number;
  images: number;
  steps: number;
  op: string;
  rows: number;
  opsPerStep: number;
  /** Of sequences. */
  length: number;
  vocabulary: number;
  window: number;
}

export function serve(peer: {
  version: string;
  /** What is set and what the library found of the machine, once a task is prepared; default "all by default". */
  settings?: () => string;
  tasks: Record<string, string | ((options: Options) => Task | Promise<Task>)>;
}): Promise<void>;
