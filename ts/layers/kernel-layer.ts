// What dense layers and convolutions share: a kernel, a bias, and an activation of the result.
import type { FusedActivation } from "../ops/gemm.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { type Activation, type ActivationLike, activations, getActivation } from "./activations.ts";
import { type Constraint, type ConstraintLike, getConstraint } from "./constraints.ts";
import { getInitializer, type Initializer, type InitializerLike } from "./initializers.ts";
import { Layer, type LayerOptions } from "./layer.ts";
import { getRegularizer, type Regularizer, type RegularizerLike } from "./regularizers.ts";

/** Options of layers with a bias and an activation. */
export interface KernelLayerOptions extends LayerOptions {
  /** Applied to the result; default linear. */
  activation?: ActivationLike;
  /** Whether a number is added for each output; default true. */
  useBias?: boolean;
  /** Default zeros. */
  biasInitializer?: InitializerLike;
  biasRegularizer?: RegularizerLike;
  biasConstraint?: ConstraintLike;
}

/** Options of the kernel, under the name most layers give it. */
export interface KernelOptions {
  /** Default glorotUniform. */
  kernelInitializer?: InitializerLike;
  kernelRegularizer?: RegularizerLike;
  kernelConstraint?: ConstraintLike;
}

export abstract class KernelLayer extends Layer {
  readonly activation: Activation;
  readonly useBias: boolean;
  /** What inputs are multiplied with; there once the layer is built. */
  kernel!: Variable;
  bias: Variable | undefined;
  private readonly kernelInitializer: Initializer;
  private readonly biasInitializer: Initializer;
  private readonly kernelRegularizer: Regularizer | undefined;
  private readonly biasRegularizer: Regularizer | undefined;
  private readonly kernelConstraint: Constraint | undefined;
  private readonly biasConstraint: Constraint | undefined;

  constructor(kind: string, options: KernelLayerOptions, kernel: KernelOptions) {
    super(kind, options);
    this.activation = getActivation(options.activation ?? "linear");
    this.useBias = options.useBias ?? true;
    this.kernelInitializer = getInitializer(kernel.kernelInitializer ?? "glorotUniform");
    this.biasInitializer = getInitializer(options.biasInitializer ?? "zeros");
    this.kernelRegularizer = kernel.kernelRegularizer && getRegularizer(kernel.kernelRegularizer);
    this.biasRegularizer = options.biasRegularizer && getRegularizer(options.biasRegularizer);
    this.kernelConstraint = kernel.kernelConstraint && getConstraint(kernel.kernelConstraint);
    this.biasConstraint = options.biasConstraint && getConstraint(options.biasConstraint);
  }

  /** Makes the kernel, and a bias for each output unless there is none. */
  protected addKernel(shape: Shape, outputs: number): void {
    const { kernelInitializer, kernelRegularizer, kernelConstraint } = this;
    this.kernel = this.addWeight("kernel", {
      shape,
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    });
    if (!this.useBias) return;
    this.bias = this.addWeight("bias", {
      shape: [outputs],
      initializer: this.biasInitializer,
      regularizer: this.biasRegularizer,
      constraint: this.biasConstraint,
    });
  }

  /** The activation of a product; the product applies it by itself where it can. */
  protected activate(product: (activation: FusedActivation) => Tensor): Tensor {
    return this.activation === activations.relu ? product("relu") : this.activation(product("linear"));
  }
}
