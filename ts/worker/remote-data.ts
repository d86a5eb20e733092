// Data of a page that lie in its engine worker. They are sent in parts, so that no task of the page takes long.
import type { ArrayData } from "../data/array.ts";
import { arrayFrom } from "../data/lists.ts";
import type { Data } from "../data/rows.ts";
import { sendOptions } from "../generated/options.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { showAsText } from "../runtime/inspect.ts";
import { checkOptions } from "../runtime/options.ts";
import type { Dtype, TypedArray } from "../tensor/dtype.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import type { Caller, Layout, Sent } from "./protocol.ts";

/** Data on their way to a worker: what a model at hand takes, or what was sent before. */
export type RemoteInput = Data | RemoteData;
/** One kind of data, a list of several inputs' or outputs', or a record by the names of the input layers or outputs. */
export type RemoteInputs = RemoteInput | readonly RemoteInput[] | { readonly [name: string]: RemoteInput };
/** The data of a model's outputs: its only one's, a list, or a record by their names. */
export type RemoteTargets = RemoteInputs;

/** Copied and sent in about a millisecond. */
const PART_BYTES = 2 ** 21;
/** Copies part of a typed array. That of Node's Buffer, which goes by the same name, does not copy. */
const { slice } = Uint8Array.prototype;

/** What `EngineWorker.send` takes beside data. */
export interface SendOptions {
  /** Whether the memory of the data moves, and is gone here, instead of being copied; default false. */
  readonly transfer?: boolean;
  /** Ends the sending when aborted; the promise is then rejected with its reason. */
  readonly signal?: AbortSignal;
}

/** Data that lie in a worker; `EngineWorker.send` makes them. */
export class RemoteData {
  readonly shape: Shape;
  readonly dtype: Dtype;
  /** @internal */
  readonly engine: Caller;
  /**
   * What the worker knows them by.
   *
   * @internal
   */
  readonly number: number;

  static {
    showAsText(RemoteData);
  }

  /** @internal */
  constructor(engine: Caller, shape: Shape, dtype: Dtype) {
    this.engine = engine;
    this.shape = shape;
    this.dtype = dtype;
    this.number = engine.newNumber();
  }

  /** Their dtype and shape. */
  toString(): string {
    return `RemoteData ${this.dtype} ${formatShape(this.shape)}`;
  }

  /** Frees them. */
  dispose(): void {
    // A worker that is gone has freed them already.
    this.engine.call("release", { data: this.number }).catch(() => {});
  }
}

/** Sends data to a worker. Errors: ArgumentError for what is neither a tensor nor ArrayData. */
export async function sendData(engine: Caller, data: Data, options: SendOptions = {}): Promise<RemoteData> {
  const { transfer = false, signal } = checkOptions("send", options, sendOptions);
  const { values, ...layout } = numbersOf(data);
  const { buffer, byteLength } = values;
  const sent = new RemoteData(engine, layout.shape, layout.dtype);
  const { number } = sent;
  if (!(buffer instanceof ArrayBuffer)) {
    // Shared memory lies in the worker too.
    await engine.call("take", { ...layout, data: number, values }, { signal });
  } else if (transfer || byteLength <= PART_BYTES) {
    const whole = transfer ? values : slice.call(values);
    await engine.call("take", { ...layout, data: number, values: whole }, { transfer: [memoryOf(whole)], signal });
  } else {
    try {
      await engine.call("allocate", { ...layout, data: number, bytes: values instanceof Uint8Array }, { signal });
      const length = PART_BYTES / values.BYTES_PER_ELEMENT;
      // An answer to each part: the page's own tasks come between.
      for (let begin = 0; begin < values.length; begin += length) {
        const part = slice.call(values, begin, begin + length);
        await engine.call("fill", { data: number, begin, values: part }, { transfer: [memoryOf(part)], signal });
      }
    } catch (error) {
      sent.dispose();
      throw error;
    }
  }
  return sent;
}

function memoryOf(values: TypedArray): ArrayBuffer {
  return values.buffer as ArrayBuffer;
}

function numbersOf(data: Data): Layout & { readonly values: TypedArray } {
  const whole = isWhole(data) ? data : arrayFrom(data);
  // Tensors are known by their method, so that a page need not carry the engine to ask.
  const values = typeof whole?.data === "function" ? whole.data() : whole?.data;
  if (!whole || !Array.isArray(whole.shape) || !ArrayBuffer.isView(values)) {
    const remedy = givesBatches(data)
      ? "batches that come by themselves cannot cross to a worker, so give them to trainOnBatch one by one"
      : "lists and typed arrays do too";
    throw new ArgumentError(
      `send: data must be a tensor or ArrayData, got ${data === null ? "null" : typeof data}; ${remedy}`,
    );
  }
  const { shape, dtype } = whole;
  return { values, shape, dtype, scale: "scale" in whole ? whole.scale : 1 };
}

/** Whether a model at hand would take it for a stream of batches. */
function givesBatches(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return typeof data === "function";
  return Symbol.iterator in data || Symbol.asyncIterator in data || "batches" in data;
}

/** Whether it has a shape of its own, as tensors, ArrayData and what was sent have. */
function isWhole(data: unknown): data is ArrayData | AnyTensor | RemoteData {
  return typeof data === "object" && data !== null && "shape" in data && "dtype" in data;
}

/** Sends data, or hands on the numbers of what was sent before. */
export type Send = <T extends RemoteTargets | undefined>(data: T) => Promise<T extends undefined ? undefined : Sent>;

/** Runs `use` with a function that sends data, each once; what it sent is freed when `use` is done. */
export async function withSent<R>(engine: Caller, use: (send: Send) => R, signal?: AbortSignal): Promise<Awaited<R>> {
  const temporary = new Map<RemoteInput, RemoteData>();
  const sendOne = async (data: RemoteInput): Promise<number> => {
    if (data instanceof RemoteData) {
      if (data.engine === engine) return data.number;
      throw new ArgumentError("send: data must be in the model's worker, got some in another one");
    }
    const sent = temporary.get(data) ?? (await sendData(engine, data, { signal }));
    temporary.set(data, sent);
    return sent.number;
  };
  const send = async (data: RemoteTargets | undefined): Promise<Sent | undefined> => {
    if (data === undefined) return undefined;
    // A list of numbers is one kind of data, as at hand.
    if (Array.isArray(data) && data.some(isWhole)) return inTurn(data, sendOne);
    if (data === null || isWhole(data) || givesBatches(data) || Object.getPrototypeOf(data) !== Object.prototype)
      return sendOne(data as RemoteInput);
    const numbers = await inTurn(Object.values(data), sendOne);
    return Object.fromEntries(Object.keys(data).map((name, i) => [name, numbers[i]]));
  };
  try {
    return await use(send as Send);
  } finally {
    for (const data of temporary.values()) data.dispose();
  }
}

async function inTurn<T, R>(items: readonly T[], f: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await f(item));
  return results;
}
