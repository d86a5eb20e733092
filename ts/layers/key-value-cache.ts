// The cache of keys and values that makes generation cheap: each step computes its new tokens only, and attends from
// them to all tokens before. Attention layers and positions find the cache of the step they run in by `currentCache`.

import { type Captured, capture } from "../autograd/capture.ts";
import { noGrad } from "../autograd/tape.ts";
import { keyValueCacheOptions } from "../generated/options.ts";
import { writeRows } from "../ops/attention.ts";
import { add } from "../ops/binary.ts";
import { ShapeError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { forbidWhileRecording, unrecorded } from "../runtime/program.ts";
import { zeros } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { type Inputs, type Layer, requireCount } from "./layer.ts";

/** What `keyValueCache` takes. */
export interface KeyValueCacheOptions {
  /** The most tokens that it holds: memory for so many is kept for each layer. */
  maxLength: number;
}

/** The keys and values of one layer: [batch, length, heads, numbers]. */
export interface CacheEntry {
  readonly keys: Variable;
  readonly values: Variable;
}

let current: KeyValueCache | undefined;

/** The cache of the step that is being computed, if there is one. */
export function currentCache(): KeyValueCache | undefined {
  return current;
}

/**
 * Runs a causal model token by token: `next` computes the results for new tokens as if all tokens since the last
 * `reset` were given at once, at the cost of the new ones alone. Each step is captured: memory has a fixed size, and the
 * position lies in it.
 */
export class KeyValueCache {
  readonly maxLength: number;
  /** How many tokens the model has seen, in memory: one number. */
  readonly position: Variable<"i32">;
  private readonly model: Layer;
  private readonly entries = new Map<Layer, CacheEntry>();
  private readonly step: Captured<[isFirst: boolean, ...inputs: AnyTensor[]], Tensor>;
  private seen = 0;
  private isFirst = true;

  constructor(model: Layer, options: KeyValueCacheOptions) {
    const { maxLength } = checkOptions("keyValueCache", options, keyValueCacheOptions);
    requireCount("keyValueCache", "maxLength", maxLength);
    this.model = model;
    this.maxLength = maxLength;
    this.position = scope(() => new Variable(zeros([1], "i32"), { name: "position", trainable: false }));
    this.step = capture((isFirst: boolean, ...inputs: AnyTensor[]) => noGrad(() => this.computed(isFirst, inputs)), {
      replaceOldest: true,
    });
  }

  /** How many tokens the model has seen. */
  get length(): number {
    return this.seen;
  }

  /**
   * The model's results for the next tokens: its input [batch, time, ...], or a list of inputs the first of which holds
   * the tokens; what a decoder attends to beside them, such as an encoder's results, must stay the same until `reset`.
   * Errors: StateError for more than `maxLength` tokens and for layers that are not causal; ShapeError for another batch.
   */
  next(inputs: Inputs): Tensor {
    forbidWhileRecording("KeyValueCache.next");
    const list = inputs instanceof Tensor ? [inputs] : inputs;
    const time = list[0].shape[1] ?? 1;
    if (this.seen + time > this.maxLength) {
      throw new StateError(`next: there must be at most ${this.maxLength} tokens, got ${this.seen + time}`);
    }
    const y = this.step(this.isFirst, ...list);
    this.seen += time;
    this.isFirst = false;
    return y;
  }

  /** Forgets all tokens: the next ones begin another sequence. */
  reset(): void {
    this.seen = 0;
    this.isFirst = true;
    this.position.assign([0]);
  }

  /** Appends the keys and values of new tokens to those that the layer has seen, and returns all, in their full length. */
  extend(layer: Layer, keys: Tensor, values: Tensor): CacheEntry {
    const entry = this.entryOf(layer, keys, values, this.maxLength);
    writeRows(entry.keys, keys, this.position);
    writeRows(entry.values, values, this.position);
    return entry;
  }

  /** The keys and values that do not change while tokens come: computed by the first step only. */
  recall(layer: Layer, compute: () => [keys: Tensor, values: Tensor]): CacheEntry {
    const known = this.entries.get(layer);
    if (known && !this.isFirst) return known;
    const [keys, values] = compute();
    const entry = this.entryOf(layer, keys, values, keys.shape[1]);
    entry.keys.assign(keys);
    entry.values.assign(values);
    return entry;
  }

  /** Frees its memory. */
  dispose(): void {
    this.step.dispose();
    this.position.dispose();
    for (const { keys, values } of this.entries.values()) for (const x of [keys, values]) x.dispose();
    this.entries.clear();
  }

  private computed(isFirst: boolean, inputs: readonly AnyTensor[]): Tensor {
    const outer = current;
    current = this;
    try {
      this.isFirst = isFirst;
      const y = this.model.apply(inputs.length === 1 ? inputs[0] : inputs);
      this.position.assign(add(this.position, inputs[0].shape[1] ?? 1));
      return y;
    } finally {
      current = outer;
    }
  }

  private entryOf(layer: Layer, keys: Tensor, values: Tensor, length: number): CacheEntry {
    const known = this.entries.get(layer);
    if (known) {
      if (known.keys.shape[0] !== keys.shape[0] || known.keys.shape[1] !== length) {
        throw new ShapeError(
          `${layer.name}: a cache must keep its batch and length [${known.keys.shape.slice(0, 2)}], ` +
            `got keys ${formatShape(keys.shape)}`,
        );
      }
      return known;
    }
    const make = (x: Tensor): Variable => {
      const [batch, , ...row] = x.shape;
      return new Variable(zeros([batch, length, ...row]), { name: `${layer.name}/cache`, trainable: false });
    };
    const entry = unrecorded(() => {
      const made = make(keys);
      try {
        return { keys: made, values: make(values) };
      } catch (error) {
        made.dispose();
        throw error;
      }
    });
    this.entries.set(layer, entry);
    return entry;
  }
}

/** Runs a causal model token by token, with the keys and values of the tokens before kept in memory. */
export function keyValueCache(model: Layer, options: KeyValueCacheOptions): KeyValueCache {
  return new KeyValueCache(model, options);
}
