// Projections of attention layers, to heads and back. Kernels have Keras's shapes.
import { requireTensor } from "../autograd/op.ts";
import { reshape } from "../ops/layout.ts";
import { linear } from "../ops/matmul.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import type { ConstraintLike } from "./constraints.ts";
import type { InitializerLike } from "./initializers.ts";
import { Layer, type LayerOptions } from "./layer.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** Options that an attention layer passes to its projections. */
export interface ProjectionOptions extends LayerOptions {
  /** Whether a bias is added; default true. */
  useBias?: boolean;
  /** Default glorotUniform. */
  kernelInitializer?: InitializerLike;
  /** Default zeros. */
  biasInitializer?: InitializerLike;
  /** Default: none. */
  kernelRegularizer?: RegularizerLike;
  /** Default: none. */
  biasRegularizer?: RegularizerLike;
  /** Default: none. */
  kernelConstraint?: ConstraintLike;
  /** Default: none. */
  biasConstraint?: ConstraintLike;
}

/** y = x kernel + bias over the last `axes` axes of x: kernel [...those axes, ...units], bias [...units]. */
export class Projection extends Layer {
  readonly units: Shape;
  kernel!: Variable;
  bias: Variable | undefined;
  private readonly axes: number;
  private readonly kernelOptions: ShapelessWeightOptions;
  private readonly biasOptions: ShapelessWeightOptions | undefined;

  constructor(name: string, axes: number, units: Shape, options: ProjectionOptions, trainable?: boolean) {
    super("projection", { name, trainable });
    this.axes = axes;
    this.units = units;
    const { useBias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = options;
    this.kernelOptions = weightOptions(kernelInitializer, options.kernelRegularizer, options.kernelConstraint);
    this.biasOptions = useBias
      ? weightOptions(biasInitializer, options.biasRegularizer, options.biasConstraint)
      : undefined;
  }

  override build(inputShape: Shape): void {
    const { units, axes, kernelOptions, biasOptions } = this;
    this.kernel = this.addWeight("kernel", { shape: [...inputShape.slice(-axes), ...units], ...kernelOptions });
    if (biasOptions) this.bias = this.addWeight("bias", { shape: units, ...biasOptions });
  }

  override outputShape(inputShape: Shape): Shape {
    const inputs = inputShape.slice(-this.axes);
    if (this.built && inputs.some((size, i) => size !== this.kernel.shape[i])) {
      throw this.misfit(`keep the features ${this.kernel.shape.slice(0, this.axes)} it was built for`, inputShape);
    }
    return [...inputShape.slice(0, -this.axes), ...this.units];
  }

  call(x: AnyTensor): Tensor {
    requireTensor(this.name, "inputs", x);
    const { kernel, bias, axes, units } = this;
    const leading = x.shape.slice(0, x.rank - axes);
    const depth = sizeOf(x.shape.slice(-axes));
    const columns = sizeOf(units);
    const rows = reshape(this.floats(x), [...leading, depth]) as Tensor;
    const weights = reshape(kernel, [depth, columns]) as Tensor;
    const y = linear(rows, weights, bias && (reshape(bias, [columns]) as Tensor));
    return reshape(y, [...leading, ...units]) as Tensor;
  }
}
