// A dense layer whose product is an einsum.

import { requireTensor } from "../autograd/op.ts";
import { einsumDenseOptions } from "../generated/options.ts";
import { add } from "../ops/arithmetic.ts";
import { einsum } from "../ops/einsum.ts";
import { requireType } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import { ownCopy } from "./config.ts";
import { KernelLayer, type KernelLayerOptions, type KernelOptions } from "./kernel-layer.ts";
import { defineLayer, type LayerDefinition } from "./layer.ts";

/** Options of {@link einsumDense}. */
export interface EinsumDenseOptions extends Omit<KernelLayerOptions, "useBias">, KernelOptions {
  /** As in "abc,cd->abd" or "...x,xy->...y": the axes of the inputs, the kernel and the result, the batch first. */
  equation: string;
  /** Shape of one example's output; null for axes inferred from the inputs. A number is one axis. */
  outputShape: number | readonly (number | null)[];
  /** The letters of the output axes that have a bias; default: no bias. */
  biasAxes?: string;
}

/** An equation with its ellipsis written out. */
interface Spec {
  readonly equation: string;
  readonly kernel: Shape;
  readonly output: Shape;
  readonly bias: Shape;
}

/** The layer that {@link einsumDense} makes. */
export class EinsumDense extends KernelLayer {
  private readonly parts: readonly [input: string, kernel: string, output: string];
  private readonly wanted: readonly (number | null)[];
  private readonly biasAxes: string;

  constructor(options: EinsumDenseOptions) {
    super(einsumDense, options, options, options?.biasAxes !== undefined);
    const { equation, outputShape, biasAxes = "" } = options;
    requireType(this.name, "biasAxes", biasAxes, "string");
    const match = /^((?:\.\.\.)?[a-z]+|[a-z]+\.\.\.),([a-z]+)->((?:\.\.\.)?[a-z]+|[a-z]+\.\.\.)$/i.exec(equation ?? "");
    if (match === null || match[1].includes(".") !== match[3].includes(".")) {
      throw new ArgumentError(`${this.name}: equation must be as in "ab,bc->ac" or "...x,xy->...y", got ${equation}`);
    }
    this.parts = [match[1], match[2], match[3]];
    this.wanted = typeof outputShape === "number" ? [outputShape] : ownCopy(outputShape);
    const strange = [...biasAxes].find((letter) => !match[3].includes(letter));
    if (strange !== undefined || !Array.isArray(this.wanted)) {
      throw new ArgumentError(
        `${this.name}: outputShape must be given and biasAxes be axes of ${match[3]}, got biasAxes "${biasAxes}"`,
      );
    }
    this.biasAxes = biasAxes;
  }

  override build(inputShape: Shape): void {
    const { kernel, bias } = this.specFor(inputShape);
    this.addKernel(kernel, bias);
  }

  override outputShape(inputShape: Shape): Shape {
    return this.specFor(inputShape).output;
  }

  call(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    const { equation } = this.specFor(x.shape.slice(1));
    const product = einsum(equation, this.floats(x), this.kernel);
    return this.activation(this.bias ? add(product, this.bias) : product);
  }

  /** The sizes of all letters for examples of a shape. The batch is an axis like any other, of size 1 here. */
  private specFor(inputShape: Shape): Spec {
    const shape = [1, ...inputShape];
    const [input, kernel] = this.parts.map((part) => part.replace("...", ""));
    const elided = shape.length - input.length;
    if (elided < 0 || (elided > 0 && !this.parts[0].includes("."))) {
      throw this.misfit(`have an axis for each letter of ${this.parts[0]}`, inputShape);
    }
    const used = new Set(this.parts.join(""));
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].filter((letter) => !used.has(letter)).slice(0, elided);
    const [full, , result] = this.parts.map((part) => part.replace("...", letters.join("")));
    const sizes = new Map([...full].map((letter, i) => [letter, shape[i]]));
    const axes = [...result].slice(1);
    // What is given counts from the right, as the ellipsis may stand for any number of axes on the left.
    axes.forEach((letter, i) => {
      const size = this.wanted[this.wanted.length - axes.length + i];
      if (typeof size === "number") sizes.set(letter, this.requireSize(letter, sizes.get(letter), size, input));
    });
    const sizeOf = (letter: string): number => {
      const size = sizes.get(letter);
      if (size !== undefined) return size;
      throw new ArgumentError(`${this.name}: outputShape must give the size of axis ${letter}, got none`);
    };
    const first = [...result].findIndex((letter) => this.biasAxes.includes(letter));
    const bias =
      first < 0 ? [] : [...result].slice(first).map((one) => (this.biasAxes.includes(one) ? sizeOf(one) : 1));
    return {
      equation: `${full},${kernel}->${result}`,
      kernel: [...kernel].map(sizeOf),
      output: axes.map(sizeOf),
      bias,
    };
  }

  private requireSize(letter: string, known: number | undefined, size: number, input: string): number {
    if (known === undefined || known === size) return size;
    throw new ArgumentError(
      `${this.name}: outputShape must agree with the inputs along ${letter} of ${input}, got ${size} and ${known}`,
    );
  }
}

/**
 * Dense layer whose product is an einsum: activation(einsum(equation, x, kernel) + bias), as in `layers.einsumDense({
 * equation: "abc,cd->abd", outputShape: [null, 64], biasAxes: "d" })`.
 * Shapes: `[batch, ...]` as the equation's first operand -> `[batch, ...outputShape]`.
 * Errors: ArgumentError for an equation of another form, and for an outputShape or biasAxes that contradict it;
 * ShapeError for inputs with other axes than the equation's; DtypeError unless they are f32.
 */
export const einsumDense: LayerDefinition<typeof EinsumDense> = defineLayer(
  "einsum_dense",
  EinsumDense,
  einsumDenseOptions,
);
