// The part of a key-value cache that belongs to one layer: keys and values, and where steps are masked or replaced, the
// positions of its steps. It does not import models.

import { add, maximum, sub } from "../ops/arithmetic.ts";
import { writeRows } from "../ops/attention.ts";
import { broadcastTo } from "../ops/broadcast.ts";
import { cast, greaterEqual, less, logicalAnd, logicalOr, where } from "../ops/compare.ts";
import { reshape, slice } from "../ops/layout.ts";
import { cumsum } from "../ops/scan.ts";
import { ShapeError } from "../runtime/errors.ts";
import { unrecorded } from "../runtime/launch.ts";
import { arange, full, ones, tensor, zeros } from "../tensor/create.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import type { Mask } from "./masks.ts";

/** Position of a cached step in the sequence. */
export interface CacheStep {
  /** The number of steps before it, in memory. */
  readonly position: Tensor<"i32">;
  /** The row of the buffers that its first key is written to. */
  readonly row: Tensor<"i32">;
  /** The last of these rows that its first query sees. */
  readonly last: Tensor<"i32">;
  readonly isFirst: boolean;
  /** Steps before it, when it is recorded. */
  readonly seen: number;
  readonly maxLength: number;
  readonly rolls: boolean;
}

/** Keys and values [batch, length, heads, numbers], where its first query stands among them, and which are seen. */
export interface CacheEntry {
  readonly keys: Variable;
  readonly values: Variable;
  readonly position: Tensor<"i32">;
  readonly mask?: Mask | undefined;
}

/** Which of the steps before it a query sees. */
export interface CacheSight {
  readonly window?: number | undefined;
  readonly globalTokens?: number | undefined;
}

/** A layer's part of a cache, during a step too. */
export class LayerCache {
  /** The positions of the step's tokens, [time]; [batch, time] where masked steps do not count. */
  at!: Tensor<"i32">;
  private readonly name: string;
  private step!: CacheStep;
  private mask: Mask | undefined;
  private keys: Variable | undefined;
  private values: Variable | undefined;
  private isGrowing = false;
  /** How many steps counted so far, [batch, 1]; there since a mask was seen. */
  private counts: Variable | undefined;
  /** The position of what each row holds, -1 where it does not count, [batch, length, 1]; there once it is asked for. */
  private places: Variable | undefined;
  private counted: Tensor | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether steps are recorded otherwise than without masks: one more of what they depend on. */
  get features(): number {
    return (this.counts ? 1 : 0) + (this.places ? 1 : 0);
  }

  get rolls(): boolean {
    return this.step.rolls;
  }

  /** Whether there were steps that do not count. */
  get isMasked(): boolean {
    return this.counts !== undefined;
  }

  /** Begins a step of `time` tokens per example. */
  begin(step: CacheStep, batch: number, time: number, mask: Mask | undefined): void {
    this.step = step;
    this.mask = mask;
    this.counted = undefined;
    if (mask === undefined && this.counts === undefined) {
      this.at = add(arange(time, undefined, 1, "i32"), step.position);
      return;
    }
    this.counts ??= this.make(() => full([batch, 1], step.seen));
    const counted = add(this.counts, cumsum(mask ? (cast(mask, "f32") as Tensor) : ones([batch, time]), 1));
    this.counted = slice(counted, [0, time - 1], [batch, 1]) as Tensor;
    this.at = cast(maximum(sub(counted, 1), 0), "i32") as Tensor<"i32">;
  }

  /** Ends the step, after all that can fail. */
  end(): void {
    if (this.counts && this.counted) this.counts.assign(this.counted);
  }

  /** Forgets all steps. */
  reset(): void {
    this.counts?.write(new Float32Array(this.counts.size));
  }

  /** Appends the keys and values of new steps to those that were seen, and returns all, in their full length. */
  extend(keys: Tensor, values: Tensor, sight: CacheSight): CacheEntry {
    const { maxLength, row, last, rolls } = this.step;
    const entry = this.entry(keys, values, maxLength);
    this.isGrowing = true;
    writeRows(entry.keys, keys, row);
    writeRows(entry.values, values, row);
    const isPlaced = this.counts !== undefined || (rolls && sight.window !== undefined);
    return { ...entry, position: last, mask: isPlaced ? this.seen(keys.shape[0], keys.shape[1], sight) : undefined };
  }

  /** The keys and values that do not change while steps come: `length` of them, computed by the first one only. */
  recall(length: number, compute: () => [keys: Tensor, values: Tensor]): CacheEntry {
    const { position, isFirst } = this.step;
    if (this.keys && this.values && !isFirst) {
      const [, known] = this.keys.shape;
      if (known === length) return { keys: this.keys, values: this.values, position };
      throw new ShapeError(
        `${this.name}: with a cache, what is attended to without a causal mask must stay until reset, ` +
          `got ${known} and then ${length} steps`,
      );
    }
    const [keys, values] = compute();
    const entry = this.entry(keys, values, keys.shape[1]);
    entry.keys.assign(keys);
    entry.values.assign(values);
    return { ...entry, position };
  }

  /** Its variables, and the share of the rows of each that hold something after so many steps. */
  buffers(seen: number): [buffer: Variable, filled: number][] {
    return [this.keys, this.values, this.places, this.counts].flatMap((x, i) => {
      const filled = i < 3 && this.isGrowing ? Math.min(seen / this.step.maxLength, 1) : 1;
      return x === undefined ? [] : [[x, filled] as [Variable, number]];
    });
  }

  /** Frees its memory. */
  dispose(): void {
    for (const [x] of this.buffers(0)) x.dispose();
    this.keys = this.values = this.places = this.counts = undefined;
  }

  /** Which rows queries see of those that lie before them: [batch, 1, 1 or time, length]. */
  private seen(batch: number, time: number, { window, globalTokens = 0 }: CacheSight): Mask {
    const { maxLength, row, seen } = this.step;
    this.places ??= this.make(() => {
      // What lies there of earlier steps, all of which counted: row i holds the last one that i + k maxLength is.
      const held = (_: unknown, i: number): number => i + maxLength * Math.floor((seen - 1 - i) / maxLength);
      const values = Float32Array.from({ length: maxLength }, held);
      return broadcastTo(tensor(values, { shape: [1, maxLength, 1] }), [batch, maxLength, 1]) as Tensor;
    });
    const at = cast(this.at, "f32") as Tensor;
    const placed = broadcastTo(this.mask ? where(this.mask, at, -1) : at, [batch, time]) as Tensor;
    writeRows(this.places, reshape(placed, [batch, time, 1]) as Tensor, row);
    const key = reshape(this.places, [batch, 1, 1, maxLength]) as Tensor;
    const counts = greaterEqual(key, 0);
    if (window === undefined) return counts;
    const query = reshape(at, [at.size / time, 1, time, 1]) as Tensor;
    let near = greaterEqual(key, sub(query, window));
    if (globalTokens > 0) near = logicalOr(near, logicalOr(less(key, globalTokens), less(query, globalTokens)));
    return logicalAnd(counts, near);
  }

  private entry(keys: Tensor, values: Tensor, length: number): { keys: Variable; values: Variable } {
    const made = (own: Variable | undefined, x: Tensor): Variable => {
      const [batch, , ...row] = x.shape;
      const shape = [batch, length, ...row];
      if (own && !sameShape(own.shape, shape)) {
        throw new ShapeError(
          `${this.name}: a cache must keep its batch and length [${own.shape.slice(0, 2)}], got keys ${formatShape(x.shape)}`,
        );
      }
      return own ?? this.make(() => zeros(shape));
    };
    this.keys = made(this.keys, keys);
    this.values = made(this.values, values);
    return { keys: this.keys, values: this.values };
  }

  private make(initial: () => Tensor): Variable {
    return unrecorded(() => new Variable(initial(), { name: `${this.name}/cache`, trainable: false }));
  }
}
