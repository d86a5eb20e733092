// What the page and the engine's worker say to each other: requests with replies, and events. Types only.
import type { ModelId, Settings } from "./catalogue.ts";

/** A request's name, what it carries, and what comes back. */
export interface Requests {
  /** Begins or goes on. */
  train: [given: undefined, reply: undefined];
  pause: [given: undefined, reply: undefined];
  /** New weights. */
  reset: [given: undefined, reply: undefined];
  /** Brings back what a reset, or weights from a file, took the place of. */
  undo: [given: undefined, reply: undefined];
  /** Another model comes with the state that it was left in. */
  choose: [given: Partial<Settings>, reply: undefined];
  /** What the model makes of pixels [28, 28] from 0 to 1; on wish with what each layer says. */
  look: [given: { pixels: Float32Array; layers: boolean }, reply: Look];
  /** The validation digit of that class that comes `turn` places after the first. */
  sample: [given: { digit: number; turn: number }, reply: Float32Array];
  /** Judges digits of one's own, after each check again. They are kept until they are put away. */
  judge: [given: { pixels: Uint8Array } | { csv: Blob }, reply: undefined];
  putAway: [given: undefined, reply: undefined];
  /** The weights as the bytes of a safetensors file, and a name for it. */
  export: [given: undefined, reply: { bytes: Uint8Array; name: string }];
  import: [given: { bytes: Uint8Array; name: string }, reply: undefined];
  /** Weights kept by the browser. */
  keep: [given: undefined, reply: readonly KeptWeights[]];
  list: [given: undefined, reply: readonly KeptWeights[]];
  restore: [given: { name: string }, reply: undefined];
  forget: [given: { name: string }, reply: readonly KeptWeights[]];
}

export type RequestName = keyof Requests;

/** What the engine says without being asked. */
export interface Events {
  status: Status;
  /** The whole history, when there is another. */
  history: History;
  /** Steps that were taken since the last word about them. */
  steps: Steps;
  check: Check;
  epoch: EpochFigures;
  insight: Insight;
  /** Undefined when there are none any more. */
  own: OwnDigits | undefined;
  /** Something went wrong that nobody asked for. */
  problem: string;
}

export type EventName = keyof Events;

export interface Status {
  readonly settings: Settings;
  readonly running: boolean;
  readonly step: number;
  /** Whole epochs done, and the images seen in the one after them. */
  readonly epoch: number;
  readonly position: number;
  /** The epoch at which training ends by itself. */
  readonly lastEpoch: number;
  readonly trainingImages: number;
  readonly parameters: number;
  /** Over the last second, 0 while paused. */
  readonly imagesPerSecond: number;
  readonly engine: EngineStatus;
  /** Up to which step the training is kept, or why it is not. */
  readonly saved: { readonly step: number } | { readonly problem: string };
  readonly canUndo: boolean;
}

export interface EngineStatus {
  readonly simd: "simd" | "relaxed";
  readonly threads: number;
  /** Threads that the machine could run at once. */
  readonly cores: number;
  readonly isolated: boolean;
  readonly reason: string | undefined;
  /** Bytes of tensors alive. */
  readonly memory: number;
}

/** Loss and figure (accuracy, or mean absolute error) of training batches, one number for each step. */
export interface Steps {
  readonly loss: Float32Array;
  readonly figure: Float32Array;
}

/** Loss and figure over validation digits after so many steps. */
export interface CheckFigures {
  readonly step: number;
  readonly loss: number;
  readonly figure: number;
}

export interface EpochFigures {
  /** Counted from 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly figure: number;
  readonly validationLoss: number;
  readonly validationFigure: number;
}

export interface History extends Steps {
  readonly checks: readonly CheckFigures[];
  readonly epochs: readonly EpochFigures[];
}

/** A look at validation digits. */
export interface Check extends CheckFigures {
  /** Digits that were looked at, of so many. */
  readonly images: number;
  readonly of: number;
  /** Rows: what a digit is; columns: what it was read as. Empty unless the model classifies. */
  readonly confusion: Int32Array;
  readonly worst: readonly Mistake[];
}

export interface Mistake {
  readonly pixels: Uint8Array;
  readonly label: number;
  /** The probabilities of the digits, or the pixels that the model drew. */
  readonly output: Float32Array;
  /** The mean absolute error of what was drawn; of a classifier the probability of what it wrongly said. */
  readonly weight: number;
}

export interface Histogram {
  readonly counts: Float32Array;
  /** The range reaches from -reach to reach. */
  readonly reach: number;
  readonly deviation: number;
}

export interface Insight {
  readonly step: number;
  /** The first layer's weights as pictures, one after the other. */
  readonly filters: Maps;
  readonly layers: readonly { readonly name: string; readonly weights: Histogram; readonly gradients: Histogram }[];
}

/** Pictures [count, height, width]. */
export interface Maps {
  readonly name: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

export interface Look {
  /** Probabilities of the digits, or pixels. */
  readonly output: Float32Array;
  readonly layers: readonly Maps[];
}

/** What the model makes of digits that a person brought. */
export interface OwnDigits {
  readonly count: number;
  /** How many of them say what they are, and how many of those were read right. */
  readonly labelled: number;
  readonly right: number;
  /** The first of them. */
  readonly shown: readonly { readonly pixels: Uint8Array; readonly label: number; readonly output: Float32Array }[];
}

export interface KeptWeights {
  readonly name: string;
  readonly model: ModelId;
  readonly step: number;
  /** The validation figure when they were kept, if there was one. */
  readonly figure: number | undefined;
}

/** From the page: a request with a number, by which its reply is known. */
export interface Asked<N extends RequestName = RequestName> {
  readonly id: number;
  readonly name: N;
  readonly given: Requests[N][0];
}

/** From the engine: a reply, a refusal, or an event. */
export type Said =
  | { readonly id: number; readonly reply: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly event: EventName; readonly value: unknown };
