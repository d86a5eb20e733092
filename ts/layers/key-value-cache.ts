// Key-value cache for generation: each step computes only its new tokens, which attend to all earlier ones. Attention
// layers and positions find the cache of the running step by `currentCache`.
import { type Captured, capture } from "../autograd/capture.ts";
import { requireTensor } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { keyValueCacheOptions, nextTokensOptions } from "../generated/options.ts";
import { add, minimum, mod } from "../ops/arithmetic.ts";
import { reorderRows } from "../ops/attention.ts";
import { concat, slice } from "../ops/layout.ts";
import { ArgumentError, ShapeError, StateError } from "../runtime/errors.ts";
import { forbidWhileRecording } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { scope } from "../tensor/scope.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { type Inputs, type Layer, requireCount } from "./layer.ts";
import { type CacheStep, LayerCache } from "./layer-cache.ts";
import { attachMask, type Mask, maskOf } from "./masks.ts";
import { stepping } from "./stepping.ts";

/** Options of {@link keyValueCache}. */
export interface KeyValueCacheOptions {
  /** Capacity in tokens; memory for as many is allocated for each layer. */
  maxLength: number;
  /**
   * What happens beyond maxLength: "error", the default, refuses more tokens; with "roll" each replaces the oldest, so
   * that layers see the last `maxLength` tokens, while positions go on counting.
   */
  whenFull?: "error" | "roll";
}

/** Options of `KeyValueCache.next`. */
export interface NextTokensOptions {
  /** bool [batch, time], true where a token counts, for prompts padded to one length; default all. */
  mask?: Mask;
}

let current: KeyValueCache | undefined;

/** The cache of the step that is being computed, if there is one. */
export function currentCache(): KeyValueCache | undefined {
  return current;
}

/**
 * Runs a causal model token by token: `next` computes the results for new tokens as if all tokens since `reset` were
 * given at once, at the cost of the new ones alone. Steps are captured. Apart from attention and positions, layers must
 * compute each step independently; a custom layer says by `mixesSteps` if it does not. Masked tokens, on either side of
 * a prompt, are never attended to and have no position. With `whenFull: "roll"` they nevertheless take up capacity.
 */
export class KeyValueCache {
  readonly maxLength: number;
  /** Number of tokens seen, in memory. */
  readonly position: Variable<"i32">;
  private readonly model: Layer;
  private readonly rolls: boolean;
  /** For each layer, one for each of its calls in a step. */
  private readonly layers = new Map<Layer, LayerCache[]>();
  private readonly calls = new Map<Layer, number>();
  private readonly run: Captured<
    [isFirst: boolean, features: number, mask: Mask | undefined, ...inputs: AnyTensor[]],
    Tensor
  >;
  private step!: CacheStep;
  private tokens!: AnyTensor;
  private batch = 0;
  private seen = 0;
  private isFirst = true;

  constructor(model: Layer, options: KeyValueCacheOptions) {
    const { maxLength, whenFull = "error" } = checkOptions("keyValueCache", options, keyValueCacheOptions);
    requireCount("keyValueCache", "maxLength", maxLength);
    if (whenFull !== "error" && whenFull !== "roll") {
      throw new ArgumentError(`keyValueCache: whenFull must be error or roll, got ${whenFull}`);
    }
    this.model = model;
    this.maxLength = maxLength;
    this.rolls = whenFull === "roll";
    this.position = scope(() => new Variable(zeros([1], "i32"), { name: "position", trainable: false }));
    this.run = capture((isFirst, _features, mask, ...inputs) => noGrad(() => this.computed(isFirst, mask, inputs)), {
      replaceOldest: true,
    });
  }

  /** Number of tokens seen, masked ones included. */
  get length(): number {
    return this.seen;
  }

  /**
   * The results for the next tokens: the model's input [batch, time, ...], or a list of inputs, the first of which
   * holds the tokens; other inputs, such as an encoder's output, must stay the same until `reset`. Tokens that roll are
   * computed one by one: after an error the ones before remain seen.
   * Errors: StateError for more than `maxLength` tokens unless it rolls, and for layers that are not causal or mix
   * steps; ShapeError for another batch size than since `reset`.
   */
  next(inputs: Inputs, options: NextTokensOptions = {}): Tensor {
    forbidWhileRecording("KeyValueCache.next");
    const { mask: given } = checkOptions("next", options, nextTokensOptions);
    const [tokens, ...others] = inputs instanceof Tensor ? [inputs] : inputs;
    requireTensor("next", "tokens", tokens);
    const [batch, time = 1] = tokens.shape;
    if (given !== undefined) {
      requireTensor("next", "mask", given);
      requireDtype("next", "mask", (given as AnyTensor).dtype, "bool");
      if (!sameShape(given.shape, [batch, time])) {
        throw new ShapeError(`next: mask must be [batch, time] = [${batch}, ${time}], got ${formatShape(given.shape)}`);
      }
    }
    if (batch !== this.batch && this.seen > 0) {
      throw new ShapeError(`next: the batch must stay ${this.batch} until reset, got ${batch}`);
    }
    const room = Math.max(this.maxLength - this.seen, 0);
    if (time > room && !this.rolls) {
      throw new StateError(`next: there must be at most ${this.maxLength} tokens, got ${this.seen + time}`);
    }
    // Memory that another batch, or one that failed, has left.
    if (batch !== this.batch) this.forget();
    this.batch = batch;
    const mask = given ?? maskOf(tokens);
    if (time <= Math.max(room, 1)) return this.advance(tokens, mask, others);
    return scope(() => {
      const results: Tensor[] = [];
      for (let begin = 0, size = room || 1; begin < time; begin += size, size = 1) {
        const part = <T extends AnyTensor>(x: T): T => slice(x as Tensor, [0, begin], [batch, size]) as AnyTensor as T;
        const y = this.advance(part(tokens), mask && part(mask), others);
        if (y.shape[1] !== size) {
          throw new ShapeError(`next: with roll, results must be [batch, time, ...], got ${formatShape(y.shape)}`);
        }
        results.push(y);
      }
      return concat(results, 1) as Tensor;
    });
  }

  /**
   * Reorders the batch, as in beam search: example b continues from what example indices[b] had.
   * Errors: StateError before the first tokens, ShapeError for another number of indices, ArgumentError for indices out
   * of range.
   */
  reorder(indices: Tensor<"i32"> | readonly number[] | Int32Array): void {
    forbidWhileRecording("KeyValueCache.reorder");
    if (this.seen === 0) throw new StateError("reorder: there must be tokens, got none yet");
    scope(() => {
      const rows = indices instanceof Tensor ? indices : tensor(Array.from(indices), { dtype: "i32" });
      reorderRows(
        "reorder",
        this.batch,
        this.all().flatMap((layer) => layer.buffers(this.seen)),
        rows,
      );
    });
  }

  /** Forgets all tokens: the next ones begin another sequence. */
  reset(): void {
    this.seen = 0;
    this.isFirst = true;
    this.position.assign([0]);
    for (const layer of this.all()) layer.reset();
  }

  /** What it keeps for a layer that is called with x [batch, time, ...], for this call of it in the step. @internal */
  of(layer: Layer, x: AnyTensor, mask: Mask | undefined): LayerCache {
    const all = this.layers.get(layer) ?? [];
    const call = this.calls.get(layer) ?? 0;
    this.layers.set(layer, all);
    this.calls.set(layer, call + 1);
    const own = (all[call] ??= new LayerCache(layer.name));
    const [batch, time] = x.shape;
    // Where a layer between has dropped the mask, the tokens' own says what counts.
    const whole = maskOf(this.tokens);
    const fits = whole !== undefined && sameShape(whole.shape, [batch, time]);
    own.begin(this.step, batch, time, mask ?? (fits ? whole : undefined));
    return own;
  }

  /** Frees its memory. */
  dispose(): void {
    this.forget();
    this.position.dispose();
  }

  private advance(tokens: AnyTensor, mask: Mask | undefined, others: readonly AnyTensor[]): Tensor {
    const features = this.all().reduce((sum, layer) => sum + layer.features, 0);
    const y = this.run(this.isFirst, features, mask, tokens, ...others);
    this.seen += tokens.shape[1] ?? 1;
    this.isFirst = false;
    return y;
  }

  private computed(isFirst: boolean, mask: Mask | undefined, inputs: readonly AnyTensor[]): Tensor {
    const outer = current;
    current = this;
    // A variable, and what is not recorded, is the caller's own.
    const before = maskOf(inputs[0]);
    const { position, maxLength, seen, rolls } = this;
    try {
      this.step = {
        ...{ position, isFirst, seen, maxLength, rolls },
        row: rolls ? (mod(position, maxLength) as Tensor<"i32">) : position,
        last: rolls ? (minimum(position, maxLength - 1) as Tensor<"i32">) : position,
      };
      this.tokens = attachMask(inputs[0], mask);
      this.calls.clear();
      [stepping.batch, stepping.time] = [this.batch, inputs[0].shape[1] ?? 1];
      const y = this.model.apply(inputs.length === 1 ? inputs[0] : inputs);
      for (const layer of this.all()) layer.end();
      position.assign(add(position, inputs[0].shape[1] ?? 1));
      return y;
    } finally {
      attachMask(inputs[0], before);
      current = outer;
      stepping.time = 0;
    }
  }

  private all(): LayerCache[] {
    return [...this.layers.values()].flat();
  }

  private forget(): void {
    this.run.dispose();
    for (const layer of this.all()) layer.dispose();
    this.layers.clear();
  }
}

/**
 * Runs a causal model token by token, with the keys and values of earlier tokens cached: see {@link KeyValueCache}.
 * Shapes: the model's; `cache.next(tokens)` takes `[batch, newTime, ...]`, and returns the results of these steps.
 * Errors: ArgumentError for a maxLength below 1 or an unknown whenFull.
 */
export function keyValueCache(model: Layer, options: KeyValueCacheOptions): KeyValueCache {
  return new KeyValueCache(model, options);
}
