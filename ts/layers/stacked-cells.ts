// Stacked recurrent cells as one cell.
import { stackedRNNCellsOptions } from "../generated/options.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { type CallContext, defineLayer, type LayerDefinition, type LayerOptions } from "./layer.ts";
import { type CellRun, oneStep, RecurrentCell, type SequenceOptions, type SequenceResult } from "./recurrent-cell.ts";

/** Options of {@link stackedRnnCells}. */
export interface StackedRNNCellsOptions extends LayerOptions {
  /** The cells, from the inputs to the output. */
  cells: readonly RecurrentCell[];
}

/** The layer that {@link stackedRnnCells} makes. */
export class StackedRNNCells extends RecurrentCell {
  readonly cells: readonly RecurrentCell[];
  /** How many states each cell has; there once built. */
  private counts: readonly number[] = [];

  constructor(options: StackedRNNCellsOptions) {
    super(stackedRnnCells, options);
    const { cells } = options;
    if (!(Array.isArray(cells) && cells.length > 0 && cells.every((cell) => cell instanceof RecurrentCell))) {
      throw new ArgumentError(`${this.name}: cells must be a list of at least one recurrent cell, got something else`);
    }
    this.cells = [...cells];
  }

  /** The shapes of the last cell's output and of all states. */
  override outputShape([inputShape]: readonly Shape[]): Shape[] {
    let output = inputShape;
    const states = this.cells.flatMap((cell) => {
      const own = cell.stateShapes(output);
      [output] = cell.outputShape([output, ...own]);
      return own;
    });
    return [output, ...states];
  }

  override stateShapes(inputShape: Shape): readonly Shape[] {
    return this.outputShape([inputShape]).slice(1);
  }

  override build([inputShape]: readonly Shape[]): void {
    let input = inputShape;
    this.counts = this.cells.map((cell) => {
      const states = cell.stateShapes(input);
      [input] = cell.ensureBuilt([input, ...states]) as readonly Shape[];
      return states.length;
    });
  }

  override outputOf(states: readonly Tensor[]): Tensor {
    const parts = this.parts(states);
    return this.cells[this.cells.length - 1].outputOf(parts[parts.length - 1]);
  }

  /** The states of each cell, among those of all. */
  private parts(states: readonly Tensor[]): Tensor[][] {
    let begin = 0;
    return this.counts.map((count) => states.slice(begin, (begin += count)));
  }

  override begin(context: CallContext): CellRun {
    const runs = this.cells.map((cell) => cell.begin(context));
    const [first, ...others] = runs;
    return {
      project: (x) => first.project(x),
      step: (projected, states) => {
        const parts = this.parts(states);
        let [output, ...next] = first.step(projected, parts[0]);
        others.forEach((run, i) => {
          const [result, ...after] = oneStep(run, output, parts[i + 1]);
          output = result;
          next = [...next, ...after];
        });
        return [output, ...next];
      },
    };
  }

  override whole(
    x: Tensor,
    states: readonly Tensor[] | undefined,
    options: SequenceOptions,
  ): SequenceResult | undefined {
    const parts = states && this.parts(states);
    const last: Tensor[] = [];
    let output = x;
    for (const [i, cell] of this.cells.entries()) {
      const returnSequences = options.returnSequences || i < this.cells.length - 1;
      const result = cell.whole(output, parts?.[i], { ...options, returnSequences });
      if (result === undefined) return undefined;
      output = result.output;
      last.push(...result.states);
    }
    return { output, states: last };
  }

  override call([x, ...states]: readonly AnyTensor[], context: CallContext): readonly Tensor[] {
    return oneStep(this.begin(context), this.floats(x), states as Tensor[]);
  }
}

/**
 * Stacks recurrent cells into one cell, for {@link rnn}: each cell's output is the next one's input.
 * Shapes: [`[batch, ...features]`, ...states of the first cell, ...of the second, ...] -> [output of the last, ...new
 * states].
 * Errors: ArgumentError unless cells is a list of at least one recurrent cell; ShapeError for inputs that a cell cannot
 * take.
 */
export const stackedRnnCells: LayerDefinition<typeof StackedRNNCells> = defineLayer(
  "stacked_rnn_cells",
  StackedRNNCells,
  stackedRNNCellsOptions,
);
