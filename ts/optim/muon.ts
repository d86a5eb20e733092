// Muon: orthogonalized momentum for matrices; Adam for all other variables.
import { muonOptions } from "../generated/options.ts";
import type { Definition } from "../layers/definition.ts";
import { add, div, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { sqrt, square } from "../ops/elementwise.ts";
import { transpose } from "../ops/layout.ts";
import { matmul } from "../ops/matmul.ts";
import { requireList } from "../runtime/arguments.ts";
import { launch } from "../runtime/launch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Variable } from "../tensor/variable.ts";
import { bounded } from "./clipping.ts";
import {
  assignThrough,
  defineOptimizer,
  Optimizer,
  type OptimizerOptions,
  type Slots,
  slotsLike,
  type Update,
} from "./optimizer.ts";
import { requireDecay, requireNonNegative, requirePositive, requireRange, requireSteps } from "./options.ts";

/** Options of {@link muon}; the default learningRate is 0.001, the default weightDecay 0.004. */
export interface MuonOptions extends OptimizerOptions {
  /** Adam's beta1; default 0.9. */
  adamBeta1?: number;
  /** Adam's beta2; default 0.999. */
  adamBeta2?: number;
  /** Weight decay of the variables that Adam updates; default 0.004. */
  adamWeightDecay?: number;
  /** Adam's learning rate divided by Muon's; default 1. */
  adamLrRatio?: number;
  /** Adam's epsilon; default 1e-7. */
  epsilon?: number;
  /** Regular expressions: Adam updates variables whose names match one, such as the last layer's; default none. */
  excludeLayers?: readonly string[];
  /** Whether Adam updates variables with "embedding" in their names; default true. */
  excludeEmbeddings?: boolean;
  /** Coefficient of X; default 3.4445. */
  muonA?: number;
  /** Coefficient of X X^T; default -4.775. */
  muonB?: number;
  /** Coefficient of (X X^T)^2; default 2.0315. */
  muonC?: number;
  /** Decay of the momentum, in [0, 1]; default 0.95. */
  momentum?: number;
  /** Newton-Schulz iterations; default 5. */
  nsSteps?: number;
  /** Whether to use Nesterov momentum; default true. */
  nesterov?: boolean;
  /** Steps are multiplied by sqrt(max(rows, columns)) times this, unless null; default 0.2. */
  rmsRate?: number | null;
}

const defaults = {
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamWeightDecay: 0.004,
  adamLrRatio: 1,
  epsilon: 1e-7,
  excludeLayers: [] as readonly string[],
  excludeEmbeddings: true,
  muonA: 3.4445,
  muonB: -4.775,
  muonC: 2.0315,
  momentum: 0.95,
  nsSteps: 5,
  nesterov: true,
  rmsRate: 0.2 as number | null,
};

/** The optimizer that {@link muon} makes. */
export class Muon extends Optimizer {
  private readonly settings: typeof defaults;

  constructor(options: MuonOptions = {}) {
    super(options);
    const given = Object.entries(options).filter(([name, value]) => name in defaults && value !== undefined);
    const settings = { ...defaults, ...Object.fromEntries(given) };
    for (const name of ["adamBeta1", "adamBeta2"] as const) requireDecay(name, settings[name]);
    for (const name of ["adamWeightDecay", "epsilon"] as const) requireNonNegative(name, settings[name]);
    requirePositive("adamLrRatio", settings.adamLrRatio);
    requireRange("momentum", settings.momentum, 0, 1);
    requireNonNegative("rmsRate", settings.rmsRate ?? 0);
    requireList("optimizer", "excludeLayers", settings.excludeLayers);
    requireSteps("nsSteps", settings.nsSteps);
    this.settings = settings;
  }

  protected override get defaultWeightDecay(): number {
    return 0.004;
  }

  protected override weightDecayOf(x: Variable): number {
    return this.isAdams(x) ? this.settings.adamWeightDecay : super.weightDecayOf(x);
  }

  protected slotsOf(x: Variable): Slots<Tensor> {
    return slotsLike(x, this.isAdams(x) ? ["momentum", "velocity"] : ["momentum"]);
  }

  protected update(x: Variable, slots: Slots, g: Tensor, how: Update): void {
    if (this.isAdams(x)) this.updateByAdam(x, slots, g, how);
    else this.updateMatrix(x, slots, g, how);
  }

  protected override get countsUpdates(): boolean {
    return true;
  }

  private isAdams({ rank, name }: Variable): boolean {
    const { excludeEmbeddings, excludeLayers } = this.settings;
    return (
      rank !== 2 ||
      (excludeEmbeddings && name.toLowerCase().includes("embedding")) ||
      excludeLayers.some((pattern) => new RegExp(pattern).test(name))
    );
  }

  private updateByAdam(
    x: Variable,
    slots: Slots,
    g: Tensor,
    { rate, weightDecay, scale, gate, updates }: Update,
  ): void {
    const { adamBeta1, adamBeta2, adamLrRatio, epsilon } = this.settings;
    const own = adamLrRatio === 1 ? rate : mul(rate, adamLrRatio);
    // The kernel multiplies weight decay by the rate it is given; Keras by Muon's.
    const given = [g, scale, gate, own, updates, weightDecay / adamLrRatio] as const;
    const constants = [1 - adamBeta1, 1 - adamBeta2, epsilon] as const;
    launch("adam_f32", x.size, 0.6, x, slots.momentum, slots.velocity, ...given, ...constants);
  }

  private updateMatrix(
    x: Variable,
    { momentum: kept }: Slots,
    gradient: Tensor,
    { rate, weightDecay, scale, gate }: Update,
  ): void {
    const { momentum, nesterov, rmsRate } = this.settings;
    const g = bounded(scale === undefined ? gradient : mul(gradient, scale));
    const next = add(mul(kept, momentum), g);
    assignThrough(gate, kept, next);
    const direction = this.orthogonalized(nesterov ? add(g, mul(next, momentum)) : next);
    const step = rmsRate === null ? direction : mul(direction, Math.sqrt(Math.max(...x.shape)) * rmsRate);
    launch("sgd_f32", x.size, 0.2, x, step, undefined, gate, rate, weightDecay);
  }

  /** Newton-Schulz iteration: singular values go to 1, singular vectors stay. */
  private orthogonalized(matrix: Tensor): Tensor {
    const { muonA, muonB, muonC, nsSteps } = this.settings;
    const tall = matrix.shape[0] > matrix.shape[1];
    const wide = tall ? (transpose(matrix) as Tensor) : matrix;
    let x = div(wide, add(sqrt(sum(square(wide))), 1e-7));
    for (let i = 0; i < nsSteps; i++) {
      const products = matmul(x, x, { transposeB: true });
      const factors = add(mul(products, muonB), mul(matmul(products, products), muonC));
      x = add(mul(x, muonA), matmul(factors, x));
    }
    return tall ? (transpose(x) as Tensor) : x;
  }
}

/**
 * Muon, orthogonalized momentum for matrices: momentum = decay momentum + gradient, orthogonalized by nsSteps
 * iterations of X = a X + (b X X^T + c (X X^T)^2) X, then variable -= learningRate rmsRate sqrt(max(rows, columns)) X.
 * Adam updates variables that are no matrices, embeddings and those of excludeLayers.
 * Errors: ArgumentError for options out of range. Sources: Jordan et al., "Muon" (2024); Liu et al., "Muon is scalable
 * for LLM training" (2025).
 */
export const muon: Definition<typeof Muon> = defineOptimizer("muon", Muon, muonOptions);
