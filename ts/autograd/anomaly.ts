// detectAnomaly: finds the op and the layer that first produced a NaN or an infinity.

import { anomalyOptions } from "../generated/options.ts";
import { requireFunction } from "../runtime/arguments.ts";
import { AnomalyError } from "../runtime/errors.ts";
import { forbidWhileRecording } from "../runtime/launch.ts";
import { checkOptions } from "../runtime/options.ts";
import { formatShape } from "../tensor/shape.ts";
import type { AnyTensor } from "../tensor/tensor.ts";
import { context, observed } from "./observe.ts";
import type { AnyOp } from "./op.ts";
import { tensorsOf } from "./tape.ts";

/** What `detectAnomaly` takes beside the function. */
export interface AnomalyOptions {
  /** Whether infinities count too; default true. Masks may use them on purpose. */
  infinities?: boolean;
}

/**
 * Runs f, which may be asynchronous, and throws at the first op, forward or gradient, whose result holds a NaN or an
 * infinity. Captured steps run eagerly meanwhile, and every result is read: slow, for debugging.
 * Errors: AnomalyError for such a result; StateError in a captured step.
 */
export function detectAnomaly<T>(f: () => T, options: AnomalyOptions = {}): T {
  const { infinities = true } = checkOptions("detectAnomaly", options, anomalyOptions);
  requireFunction("detectAnomaly", f);
  forbidWhileRecording("detectAnomaly");
  const isOdd = infinities ? (value: number) => !Number.isFinite(value) : Number.isNaN;
  return observed((op, args, result) => check(op, args, result, isOdd), f);
}

function check(op: AnyOp, args: readonly unknown[], result: AnyTensor, isOdd: (value: number) => boolean): void {
  const at = oddElement(result, isOdd);
  if (at < 0) return;
  const { layer, gradientOf } = context;
  const where = [
    gradientOf === undefined ? "" : `, in the gradient of ${gradientOf}`,
    layer === undefined ? "" : `, in layer ${layer}`,
  ].join("");
  const given = [...tensorsOf(args)].some((x) => !x.disposed && oddElement(x, isOdd) >= 0);
  throw new AnomalyError(
    `detectAnomaly: the result of ${op.opName}${where} must be finite, got ${result.view()[at]} as element ${at} of ` +
      `shape ${formatShape(result.shape)}; its arguments ${given ? "were not finite either" : "were finite"}`,
    op.opName,
    layer,
    gradientOf,
  );
}

/** The index of the first anomalous element, or -1. */
function oddElement(x: AnyTensor, isOdd: (value: number) => boolean): number {
  return x.dtype === "f32" ? x.view().findIndex(isOdd) : -1;
}
