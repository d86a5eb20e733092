// A learning rate in memory, where captured steps find it: a number that may be set between steps, or a schedule that
// each step computes from the count of finished steps.
import { requireFloat } from "../autograd/op.ts";
import { noGrad } from "../autograd/tape.ts";
import { cast } from "../ops/compare.ts";
import { requireSynchronous } from "../runtime/arguments.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { forbidWhileRecording } from "../runtime/launch.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Variable } from "../tensor/variable.ts";
import { requireNonNegative } from "./options.ts";

/**
 * The learning rate, a scalar, for a number of finished steps, a scalar of f32. Written with ops, so that captured steps
 * compute it; `schedules` has the usual ones.
 */
export type Schedule = (step: Tensor) => Tensor;

/** A learning rate, or a schedule of it. */
export type LearningRate = number | Schedule;

/**
 * The learning rate of a schedule after a number of finished steps.
 * Errors: StateError in a captured step; DtypeError unless the schedule returns f32.
 */
export function rateAt(schedule: Schedule, step: number): number {
  forbidWhileRecording("learningRate");
  return noGrad(() =>
    scope(() => {
      const rate = schedule(tensor(step));
      requireFloat("optimizer", "what a schedule returns", requireSynchronous("optimizer", rate));
      return rate.item();
    }),
  );
}

export class Rate {
  /** The rate of the current step. */
  readonly value: Variable;
  private readonly schedule: Schedule | undefined;

  constructor(rate: LearningRate) {
    if (typeof rate === "function") this.schedule = rate;
    else if (typeof rate === "number") requireNonNegative("learningRate", rate);
    else throw new ArgumentError(`optimizer: learningRate must be a number or a schedule, got ${typeof rate}`);
    const initial = typeof rate === "function" ? rateAt(rate, 0) : rate;
    this.value = scope(() => new Variable(tensor(initial), { trainable: false }));
  }

  get isScheduled(): boolean {
    return this.schedule !== undefined;
  }

  /** The rate of the step after `iterations` steps. */
  at(iterations: Tensor<"i32">): number {
    return this.schedule === undefined ? this.value.view()[0] : rateAt(this.schedule, iterations.view()[0]);
  }

  /** Sets the rate. StateError where a schedule does. */
  set(value: number): void {
    forbidWhileRecording("learningRate");
    if (this.schedule !== undefined) {
      throw new StateError("learningRate: it can only be set where it was given as a number, got one with a schedule");
    }
    requireNonNegative("learningRate", value);
    this.value.assign([value]);
  }

  /** Launches what computes the rate of the step after `iterations` steps, if a schedule does. */
  follow(iterations: Tensor<"i32">): void {
    if (this.schedule !== undefined) this.value.assign(this.schedule(cast(iterations, "f32") as Tensor));
  }
}
