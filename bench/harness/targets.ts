// What Heddle is meant to reach, as the rows state it.
import type { ContenderName } from "./contenders.ts";

/** Who is measured for Heddle, the plain one first. */
export const heddles = ["heddle", "heddle wide", "heddle on node 20"] as const satisfies ContenderName[];

/** Who Heddle is held against. Of several the best one counts, on no more threads than Heddle used. */
export const rivals = {
  "the native 128-bit FMA peak": ["native fma"],
  "the best WASM peer": ["tfjs-wasm", "onnxruntime-web", "jax-js"],
  "ONNX Runtime Web": ["onnxruntime-web"],
  PyTorch: ["pytorch"],
  "the best native peer": ["pytorch", "keras fit", "tensorflow step"],
  "a copy of memory": ["memory copy"],
} as const satisfies Record<string, ContenderName[]>;

/** One thread for both sides, the greater number for both, or the better of the two for either side. */
export type On = "one thread" | "all threads" | "the best of both";

/** What Heddle's median must reach. `by` is the Heddle that is meant; default all that were asked. */
export type Target = { on: On; by?: (typeof heddles)[number] } & (
  | { atLeast: number; times: keyof typeof rivals | "itself on one thread" }
  | { atMost: number }
);

/** What came of a target for one of the Heddles. */
export interface Verdict {
  target: string;
  contender: string;
  /** The ratio or, for an upper bound, the figure; null where there is nothing to compare, with the reason. */
  value: number | null;
  /** What the value is followed by: `x` for a ratio. */
  unit: string;
  met: boolean;
  reason?: string;
}
