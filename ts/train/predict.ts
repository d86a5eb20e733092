// A model's outputs for all examples that it reads, batch by batch.
import type { DataList } from "../data/rows.ts";
import type { BatchStream } from "../data/source.ts";
import { predictOptions } from "../generated/options.ts";
import { ShapeError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { type AnyTensor, type Tensor, unfilled } from "../tensor/tensor.ts";
import { type Batch, BUFFERS } from "./batches.ts";
import { eachBatch, feedOf } from "./feed.ts";
import type { PredictOptions } from "./fit.ts";
import { makePause } from "./pause.ts";
import { ProgressBar } from "./progress.ts";
import type { Model } from "./trained.ts";

/** Outputs of one kind, one batch after the other. */
class Gathered {
  private readonly rows: number | undefined;
  private parts: AnyTensor[] = [];
  private whole: AnyTensor | undefined;
  private filled = 0;

  /** So many rows in all, if that is known. */
  constructor(rows: number | undefined) {
    this.rows = rows;
  }

  /** Takes over the outputs for one batch. */
  add(output: AnyTensor): void {
    if (this.rows === undefined) this.parts.push(output);
    else this.copy(output, this.rows);
  }

  /** All of them, the caller's own. */
  take(): AnyTensor {
    const total = this.parts.reduce((sum, { shape }) => sum + shape[0], 0);
    for (const part of this.parts) this.copy(part, total);
    const whole = this.whole as AnyTensor;
    this.parts = [];
    this.whole = undefined;
    return whole;
  }

  dispose(): void {
    for (const x of [...this.parts, this.whole]) x?.dispose();
  }

  private copy(output: AnyTensor, rows: number): void {
    this.whole ??= unfilled([rows, ...output.shape.slice(1)], output.dtype);
    if (!sameShape(output.shape.slice(1), this.whole.shape.slice(1))) {
      const shapes = [this.whole, output].map(({ shape }) => formatShape(shape.slice(1))).join(" and ");
      throw new ShapeError(`predict: outputs of all examples must have one shape, got ${shapes}`);
    }
    this.whole.view().set(output.view(), this.filled);
    this.filled += output.size;
    output.dispose();
  }
}

/** The outputs as a list; `run` gives those for one batch. */
export async function predictModel(
  model: Model,
  x: DataList | BatchStream,
  options: PredictOptions,
  run: (batch: Batch) => AnyTensor[],
): Promise<Tensor[]> {
  const { signal, verbose = 0, steps, batchSize } = checkOptions("predict", options, predictOptions);
  const feed = feedOf("predict", model, { x, batchSize, steps, stepsName: "steps", use: "predict", signal });
  const { length = 0, samples = 0, batchSize: size } = feed;
  const rows = size && Math.min(samples, length * size);
  const bar = new ProgressBar(feed.length, { verbose });
  const results: Gathered[] = [];
  let outputs: AnyTensor[] = [];
  try {
    await eachBatch(feed, makePause(signal), signal, (batch, index) => {
      outputs = run(model[BUFFERS].batch(batch.examples, batch.rows));
      for (const [i, output] of outputs.entries()) {
        if (output.shape[0] !== batch.size) {
          const got = formatShape(output.shape);
          throw new ShapeError(`predict: outputs must have a row for each of ${batch.size} examples, got shape ${got}`);
        }
        (results[i] ??= new Gathered(rows)).add(output);
      }
      bar.update(index + 1);
    });
    const taken = results.map((result) => result.take());
    bar.finish();
    return taken as Tensor[];
  } catch (error) {
    // Also when aborted: nobody gets what is there.
    for (const x of [...results, ...outputs]) x.dispose();
    throw error;
  } finally {
    await feed.end();
  }
}
