// Rows for ts/ops/transcendental.ts. Special values and errors in ulp are in transcendental.test.ts and accuracy.test.ts.

import * as ops from "../../../ts/ops/transcendental.ts";
import { binary } from "./arithmetic.ts";
import type { Case, RowsOf } from "./case.ts";
import { erf, unary } from "./elementwise.ts";

type Binary = Parameters<typeof binary>[0];

export const transcendentalCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  tan: unary(ops.tan, Math.tan, { low: -1, high: 1 }),
  asin: unary(ops.asin, Math.asin, { low: -0.8, high: 0.8 }),
  acos: unary(ops.acos, Math.acos, { low: -0.8, high: 0.8 }),
  atan: unary(ops.atan, Math.atan, { low: -4, high: 4 }),
  sinh: unary(ops.sinh, Math.sinh),
  cosh: unary(ops.cosh, Math.cosh),
  asinh: unary(ops.asinh, Math.asinh, { low: -4, high: 4 }),
  acosh: unary(ops.acosh, Math.acosh, { low: 1.5, high: 5 }),
  atanh: unary(ops.atanh, Math.atanh, { low: -0.7, high: 0.7 }),
  expm1: unary(ops.expm1, Math.expm1),
  erfc: unary(ops.erfc, (x) => 1 - erf(x)),
  atan2: binary(ops.atan2 as Binary, Math.atan2, { low: 0.5, high: 3 }),
  hypot: binary(ops.hypot as Binary, Math.hypot, { low: 0.5, high: 3 }),
  logAddExp: binary(ops.logAddExp as Binary, (a, b) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))),
};
