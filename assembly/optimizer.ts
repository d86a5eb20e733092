// One pass per variable for each optimizer, with Keras 3's formulas (simd/rules.ts).
// What may change between replays is in memory: the learning rate, the number of finished steps, the scale of
// gradient clipping, and a gate that skips the update while it is 0: gradients are still being accumulated, or are not
// finite. Weight decay is decoupled, as in Keras: the variable is first multiplied by 1 - learningRate * weightDecay.
import { In, InEach, InOut, InOutEach, OptionalIn, Out, OutEach } from "./signature";
import {
  Adadelta, Adagrad, Adam, Adamax, apply, Ftrl, Gate, Lamb, Lion, Momentum, Nadam, Nesterov, Norm, Rmsprop, Sgd,
} from "./simd/rules";

/** variable -= learningRate gradient; over numbers [begin, end). */
export function sgd_f32(
  variable: InOutEach<f32>, gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  apply<Sgd>(variable, gradient, scale, gate, rate * weightDecay, rate, 0, 0, 0, 0, 0, 0, 0, begin, end);
}

/** velocity = momentum velocity - learningRate gradient, variable += velocity; over numbers [begin, end). */
export function sgd_momentum_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, momentum: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Momentum>(variable, gradient, scale, gate, decay, rate, momentum, 0, 0, 0, velocity, 0, 0, begin, end);
}

/** The same with variable += momentum velocity - learningRate gradient; over numbers [begin, end). */
export function sgd_nesterov_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, momentum: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Nesterov>(variable, gradient, scale, gate, decay, rate, momentum, 0, 0, 0, velocity, 0, 0, begin, end);
}

/**
 * velocity += blend (gradient^2 - velocity), variable -= learningRate gradient / sqrt(velocity + epsilon); over numbers
 * [begin, end). PyTorch adds its epsilon after the root.
 */
export function rmsprop_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Rmsprop>(variable, gradient, scale, gate, decay, rate, blend, epsilon, 0, 0, velocity, 0, 0, begin, end);
}

/** The same with step = momentum step + that update, variable -= step; over numbers [begin, end). */
export function rmsprop_momentum_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>, step: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, momentum: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Rmsprop>(
    variable, gradient, scale, gate, decay, rate, blend, epsilon, momentum, 0, velocity, 0, step, begin, end,
  );
}

/** rmsprop with the variance velocity - average^2 of the gradient under the root; over numbers [begin, end). */
export function rmsprop_centered_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>, average: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Rmsprop>(variable, gradient, scale, gate, decay, rate, blend, epsilon, 0, 0, velocity, average, 0, begin, end);
}

/** rmsprop with both, the centred variance and momentum; over numbers [begin, end). */
export function rmsprop_centered_momentum_f32(
  variable: InOutEach<f32>, velocity: InOutEach<f32>, average: InOutEach<f32>, step: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, momentum: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Rmsprop>(
    variable, gradient, scale, gate, decay, rate, blend, epsilon, momentum, 0, velocity, average, step, begin, end,
  );
}

/** sum += gradient^2, variable -= learningRate gradient / sqrt(sum + epsilon); over numbers [begin, end). */
export function adagrad_f32(
  variable: InOutEach<f32>, sum: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Adagrad>(variable, gradient, scale, gate, decay, rate, epsilon, 0, 0, 0, sum, 0, 0, begin, end);
}

/**
 * squares += blend (gradient^2 - squares), step = gradient sqrt(steps + epsilon) / sqrt(squares + epsilon),
 * steps += blend (step^2 - steps), variable -= learningRate step; over numbers [begin, end).
 */
export function adadelta_f32(
  variable: InOutEach<f32>, squares: InOutEach<f32>, steps: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, blend: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Adadelta>(variable, gradient, scale, gate, decay, rate, blend, epsilon, 0, 0, squares, steps, 0, begin, end);
}

/** base^t for t >= 0. */
function power(base: f64, t: i32): f64 {
  let result: f64 = 1;
  for (; t > 0; t >>= 1) {
    if (t & 1) result *= base;
    base *= base;
  }
  return result;
}

/** 1 - (1 - blend)^t: the bias correction of an exponential moving average after t steps from zero. */
function gathered(blend: f32, t: i32): f64 {
  return 1 - power(1 - <f64>blend, t);
}

/**
 * momentum += blend1 (gradient - momentum), velocity += blend2 (gradient^2 - velocity), t = iterations + 1,
 * alpha = learningRate sqrt(1 - (1 - blend2)^t) / (1 - (1 - blend1)^t),
 * variable -= alpha momentum / (sqrt(velocity) + epsilon); over numbers [begin, end).
 * PyTorch divides the root by sqrt(1 - beta2^t) before it adds epsilon: its epsilon weighs more in the first steps.
 */
export function adam_f32(
  variable: InOutEach<f32>, momentum: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>, iterations: In<i32>,
  weightDecay: f32, blend1: f32, blend2: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const t = load<i32>(iterations) + 1;
  const alpha = <f32>(<f64>rate * sqrt<f64>(gathered(blend2, t)) / gathered(blend1, t));
  const decay = rate * weightDecay;
  apply<Adam>(
    variable, gradient, scale, gate, decay, alpha, blend1, blend2, epsilon, 0, momentum, velocity, 0, begin, end,
  );
}

/** adam with largest = max(largest, velocity) under the root; over numbers [begin, end). */
export function adam_amsgrad_f32(
  variable: InOutEach<f32>, momentum: InOutEach<f32>, velocity: InOutEach<f32>, largest: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>, iterations: In<i32>,
  weightDecay: f32, blend1: f32, blend2: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const t = load<i32>(iterations) + 1;
  const alpha = <f32>(<f64>rate * sqrt<f64>(gathered(blend2, t)) / gathered(blend1, t));
  const decay = rate * weightDecay;
  apply<Adam>(
    variable, gradient, scale, gate, decay, alpha, blend1, blend2, epsilon, 0, momentum, velocity, largest, begin, end,
  );
}

/**
 * momentum += blend1 (gradient - momentum), norm = max(beta2 norm, |gradient|), t = iterations + 1,
 * variable -= learningRate / (1 - (1 - blend1)^t) momentum / (norm + epsilon); over numbers [begin, end).
 */
export function adamax_f32(
  variable: InOutEach<f32>, momentum: InOutEach<f32>, norm: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>, iterations: In<i32>,
  weightDecay: f32, blend1: f32, beta2: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const alpha = <f32>(<f64>rate / gathered(blend1, load<i32>(iterations) + 1));
  const decay = rate * weightDecay;
  apply<Adamax>(
    variable, gradient, scale, gate, decay, alpha, blend1, beta2, epsilon, 0, momentum, norm, 0, begin, end,
  );
}

/** The weight that Nadam's momentum has in step t: beta1 (1 - 0.96^t / 2). */
function warmed(beta1: f32, t: i32): f64 {
  return <f64>beta1 * (1 - 0.5 * power(0.96, t));
}

/** product *= beta1 (1 - 0.96^t / 2), t = iterations + 1; one unit. */
export function nadam_product_f32(
  product: InOut<f32>, gate: OptionalIn<i32>, iterations: In<i32>, beta1: f32, begin: i32, end: i32,
): void {
  if (begin >= end || Gate.closed(gate)) return;
  store<f32>(product, <f32>(<f64>load<f32>(product) * warmed(beta1, load<i32>(iterations) + 1)));
}

/**
 * momentum += blend1 (gradient - momentum), velocity += blend2 (gradient^2 - velocity), t = iterations + 1,
 * u(t) = beta1 (1 - 0.96^t / 2), product = u(1) .. u(t),
 * ahead = u(t+1) momentum / (1 - product u(t+1)) + (1 - u(t)) gradient / (1 - product),
 * variable -= learningRate ahead / (sqrt(velocity / (1 - (1 - blend2)^t)) + epsilon); over numbers [begin, end).
 */
export function nadam_f32(
  variable: InOutEach<f32>, momentum: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>, iterations: In<i32>,
  product: In<f32>, weightDecay: f32, beta1: f32, blend1: f32, blend2: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const t = load<i32>(iterations) + 1;
  const decay = rate * weightDecay;
  const past = <f64>load<f32>(product);
  const next = warmed(beta1, t + 1);
  const root = sqrt<f64>(gathered(blend2, t));
  const alpha = <f32>(<f64>rate * root * next / (1 - past * next));
  const own = <f32>(<f64>rate * root * (1 - warmed(beta1, t)) / (1 - past));
  const e = <f32>(<f64>epsilon * root);
  apply<Nadam>(
    variable, gradient, scale, gate, decay, alpha, blend1, blend2, e, own, momentum, velocity, 0, begin, end,
  );
}

/**
 * variable -= learningRate sign(momentum + blend1 (gradient - momentum)), then
 * momentum += blend2 (gradient - momentum); over numbers [begin, end).
 */
export function lion_f32(
  variable: InOutEach<f32>, momentum: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, blend1: f32, blend2: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  apply<Lion>(variable, gradient, scale, gate, decay, rate, blend1, blend2, 0, 0, momentum, 0, 0, begin, end);
}

/**
 * step = momentum / (1 - (1 - blend1)^t) / (sqrt(velocity / (1 - (1 - blend2)^t)) + epsilon) with Adam's averages,
 * t = iterations + 1: the direction that LAMB still scales; over numbers [begin, end).
 */
export function lamb_step_f32(
  step: OutEach<f32>, momentum: InOutEach<f32>, velocity: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, iterations: In<i32>,
  blend1: f32, blend2: f32, epsilon: f32, begin: i32, end: i32,
): void {
  const t = load<i32>(iterations) + 1;
  const first = <f32>(1 / gathered(blend1, t));
  const second = <f32>(1 / gathered(blend2, t));
  apply<Lamb>(
    step, gradient, scale, gate, 0, first, blend1, blend2, epsilon, second, momentum, velocity, 0, begin, end,
  );
}

/**
 * ratio = (1 - learningRate weightDecay) |variable| / |step|, 1 where either norm is 0; given the norms of the
 * variable's `count` blocks, followed by those of the step's; one unit.
 */
export function lamb_ratio_f32(
  ratio: Out<f32>, partials: In<f32>, learningRate: In<f32>, weightDecay: f32, count: i32, begin: i32, end: i32,
): void {
  if (begin >= end) return;
  const variable = Norm.of(partials, count);
  const step = Norm.of(partials + (<usize>count << 2), count);
  const kept = 1 - <f64>load<f32>(learningRate) * <f64>weightDecay;
  store<f32>(ratio, variable > 0 && step > 0 ? <f32>(kept * variable / step) : 1);
}

/**
 * accumulator += gradient^2, linear += gradient + 2 shrinkage variable - sigma variable with
 * sigma = (accumulator^exponent - its old value^exponent) / learningRate,
 * variable = (clip(linear, -l1, l1) - linear) / (accumulator^exponent / learningRate + 2 l2 + beta / learningRate);
 * over numbers [begin, end).
 */
export function ftrl_f32(
  variable: InOutEach<f32>, accumulator: InOutEach<f32>, linear: InOutEach<f32>,
  gradient: InEach<f32>, scale: OptionalIn<f32>, gate: OptionalIn<i32>, learningRate: In<f32>,
  weightDecay: f32, exponent: f32, l1: f32, l2: f32, shrinkage: f32, beta: f32, begin: i32, end: i32,
): void {
  const rate = load<f32>(learningRate);
  const decay = rate * weightDecay;
  const r = l2 + l2 + beta / rate;
  const s = shrinkage + shrinkage;
  apply<Ftrl>(variable, gradient, scale, gate, decay, rate, exponent, l1, r, s, accumulator, linear, 0, begin, end);
}
