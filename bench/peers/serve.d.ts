// The types of serve.js: what a contender's tasks are made of.

/** Work that is repeated for a whole round: `amountPerStep` is what one step does, in the question's measure. */
export interface RepeatedTask {
  amountPerStep: number;
  step(): void | Promise<unknown>;
  check?(): number | Promise<number>;
}

/** Work that is its own round. */
export interface WholeTask {
  round(): Promise<{ amount: number; seconds: number; check: number }>;
}

export type Task = RepeatedTask | WholeTask;

export interface Options {
  threads: number;
  mnist: string;
  size: number;
  batch: number;
  images: number;
  steps: number;
  opsPerStep: number;
}

export function serve(peer: {
  version: string;
  tasks: Record<string, string | ((options: Options) => Task | Promise<Task>)>;
}): Promise<void>;
