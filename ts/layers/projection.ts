// The products inside attention layers: to numbers for each head, and back from all heads. Kernels have Keras's shapes.
import { reshape } from "../ops/layout.ts";
import { linear } from "../ops/matmul.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { AnyTensor, Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { getInitializer, type Initializer, type InitializerLike } from "./initializers.ts";
import { Layer, type LayerOptions } from "./layer.ts";
import { getRegularizer, type Regularizer, type RegularizerLike } from "./regularizers.ts";

/** Options that an attention layer hands on to its projections. */
export interface ProjectionOptions extends LayerOptions {
  /** Whether numbers are added to the products; default true. */
  useBias?: boolean;
  /** Default glorotUniform. */
  kernelInitializer?: InitializerLike;
  /** Default zeros. */
  biasInitializer?: InitializerLike;
  kernelRegularizer?: RegularizerLike;
  biasRegularizer?: RegularizerLike;
}

/** y = x kernel + bias over the last `axes` axes of x: kernel [...those axes, ...units], bias [...units]. */
export class Projection extends Layer {
  readonly units: Shape;
  kernel!: Variable;
  bias: Variable | undefined;
  private readonly axes: number;
  private readonly useBias: boolean;
  private readonly kernelInitializer: Initializer;
  private readonly biasInitializer: Initializer;
  private readonly kernelRegularizer: Regularizer | undefined;
  private readonly biasRegularizer: Regularizer | undefined;

  constructor(name: string, axes: number, units: Shape, options: ProjectionOptions, trainable?: boolean) {
    super("projection", { name, trainable });
    this.axes = axes;
    this.units = units;
    this.useBias = options.useBias ?? true;
    this.kernelInitializer = getInitializer(options.kernelInitializer ?? "glorotUniform");
    this.biasInitializer = getInitializer(options.biasInitializer ?? "zeros");
    this.kernelRegularizer = options.kernelRegularizer && getRegularizer(options.kernelRegularizer);
    this.biasRegularizer = options.biasRegularizer && getRegularizer(options.biasRegularizer);
  }

  override build(inputShape: Shape): void {
    const { units, axes, kernelInitializer, kernelRegularizer, biasInitializer, biasRegularizer } = this;
    const shape = [...inputShape.slice(-axes), ...units];
    this.kernel = this.addWeight("kernel", { shape, initializer: kernelInitializer, regularizer: kernelRegularizer });
    if (!this.useBias) return;
    this.bias = this.addWeight("bias", { shape: units, initializer: biasInitializer, regularizer: biasRegularizer });
  }

  override outputShape(inputShape: Shape): Shape {
    const inputs = inputShape.slice(-this.axes);
    if (this.built && inputs.some((size, i) => size !== this.kernel.shape[i])) {
      throw this.misfit(`keep the features ${this.kernel.shape.slice(0, this.axes)} it was built for`, inputShape);
    }
    return [...inputShape.slice(0, -this.axes), ...this.units];
  }

  call(x: AnyTensor): Tensor {
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
