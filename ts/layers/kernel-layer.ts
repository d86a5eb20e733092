// Base of dense layers and convolutions: kernel, bias and activation.
import type { FusedActivation } from "../ops/lower/epilogue.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { type Activation, type ActivationLike, activations, getActivation } from "./activations.ts";
import type { ConstraintLike } from "./constraints.ts";
import type { InitializerLike } from "./initializers.ts";
import { Layer, type LayerKind, type LayerOptions } from "./layer.ts";
import type { RegularizerLike } from "./regularizers.ts";
import { type ShapelessWeightOptions, weightOptions } from "./weight-options.ts";

/** Options of layers with a bias and an activation. */
export interface KernelLayerOptions extends LayerOptions {
  /** Applied to the result, by name or as a function; default "linear". */
  activation?: ActivationLike;
  /** Whether a bias is added; default true. */
  useBias?: boolean;
  /** Default zeros. */
  biasInitializer?: InitializerLike;
  /** Default: none. */
  biasRegularizer?: RegularizerLike;
  /** Default: none. */
  biasConstraint?: ConstraintLike;
}

/** Options of the kernel, under the name most layers give it. */
export interface KernelOptions {
  /** Default glorotUniform. */
  kernelInitializer?: InitializerLike;
  /** Default: none. */
  kernelRegularizer?: RegularizerLike;
  /** Default: none. */
  kernelConstraint?: ConstraintLike;
}

export abstract class KernelLayer extends Layer {
  readonly activation: Activation;
  readonly useBias: boolean;
  /** Present once the layer is built. */
  kernel!: Variable;
  bias: Variable | undefined;
  private readonly kernelOptions: ShapelessWeightOptions;
  private readonly biasOptions: ShapelessWeightOptions;

  constructor(kind: LayerKind, options: KernelLayerOptions, kernel: KernelOptions, useBias = true) {
    super(kind, options);
    this.activation = getActivation(options.activation ?? "linear");
    this.useBias = options.useBias ?? useBias;
    const { kernelInitializer = "glorotUniform", kernelRegularizer, kernelConstraint } = kernel;
    const { biasInitializer = "zeros", biasRegularizer, biasConstraint } = options;
    this.kernelOptions = weightOptions(kernelInitializer, kernelRegularizer, kernelConstraint);
    this.biasOptions = weightOptions(biasInitializer, biasRegularizer, biasConstraint);
  }

  /** Makes the kernel, and a bias for each output, or of the given shape, unless there is none. */
  protected addKernel(shape: Shape, outputs: number | Shape, name = "kernel"): void {
    this.kernel = this.addWeight(name, { shape, ...this.kernelOptions });
    const biasShape = typeof outputs === "number" ? [outputs] : outputs;
    if (this.useBias) this.bias = this.addWeight("bias", { shape: biasShape, ...this.biasOptions });
  }

  /** The activation of a product; the product applies it by itself where it can. */
  protected activate(product: (activation: FusedActivation) => Tensor): Tensor {
    return this.activation === activations.relu ? product("relu") : this.activation(product("linear"));
  }
}
