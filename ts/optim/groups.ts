// Parameter groups: variables with a learning rate or weight decay of their own.

import { parameterGroup } from "../generated/options.ts";
import { ownCopy } from "../layers/config.ts";
import { mul } from "../ops/arithmetic.ts";
import { requireList, requireSynchronous } from "../runtime/arguments.ts";
import { ArgumentError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { requireNonNegative } from "./options.ts";
import { type LearningRate, Rate } from "./rate.ts";

/** Options for some of an optimizer's variables; those left out are the optimizer's. */
export interface ParameterGroup {
  /** A list of variables, or a predicate; the first group that contains a variable counts. */
  variables: readonly Variable[] | ((variable: Variable) => boolean);
  /** A learning rate of its own; default the optimizer's. */
  learningRate?: LearningRate;
  /** Factor of the optimizer's learning rate, not together with learningRate; default 1. */
  learningRateMultiplier?: number;
  /** A weight decay of its own; default the optimizer's. */
  weightDecay?: number;
}

export class Group {
  readonly weightDecay: number | undefined;
  /** The group's rate of the current step, where it differs from the optimizer's. */
  readonly value: Variable | undefined;
  private readonly variables: ParameterGroup["variables"];
  private readonly rate: Rate | undefined;
  private readonly multiplier: number;

  constructor(group: ParameterGroup) {
    const {
      variables,
      learningRate,
      learningRateMultiplier = 1,
      weightDecay,
    } = checkOptions("optimizer: a group", group, parameterGroup);
    requireNonNegative("learningRateMultiplier", learningRateMultiplier);
    requireNonNegative("weightDecay", weightDecay ?? 0);
    if (learningRate !== undefined && learningRateMultiplier !== 1) {
      throw new ArgumentError(
        "optimizer: a group must have one of learningRate and learningRateMultiplier at most, got both",
      );
    }
    if (typeof variables !== "function") requireList("optimizer: a group", "variables", variables);
    this.variables = ownCopy(variables);
    this.multiplier = learningRateMultiplier;
    this.weightDecay = weightDecay;
    this.rate = learningRate === undefined ? undefined : new Rate(learningRate);
    const own = learningRateMultiplier === 1 ? undefined : scope(() => new Variable(tensor(0), { trainable: false }));
    this.value = this.rate?.value ?? own;
  }

  has(variable: Variable): boolean {
    const { variables } = this;
    if (typeof variables !== "function") return variables.includes(variable);
    return requireSynchronous("optimizer: a group", variables(variable));
  }

  /** The group's learning rate after `iterations` steps, given the optimizer's. */
  at(iterations: Tensor<"i32">, common: number): number {
    return this.rate?.at(iterations) ?? common * this.multiplier;
  }

  /** Sets the group's own learning rate. ArgumentError where it has none. */
  set(value: number): void {
    if (this.rate === undefined) {
      throw new ArgumentError("optimizer: a group must have a learningRate for it to be set, got one without");
    }
    this.rate.set(value);
  }

  /** Launches what computes the group's rate of this step, given the optimizer's in memory. */
  follow(iterations: Tensor<"i32">, common: Tensor): void {
    if (this.rate !== undefined) this.rate.follow(iterations);
    else this.value?.assign(mul(common, this.multiplier));
  }
}
