// Rows for ts/ops/gamma.ts. Special values are in transcendental.test.ts, errors in ulp in accuracy.test.ts.

import * as ops from "../../../ts/ops/gamma.ts";
import type { Case, RowsOf } from "./case.ts";
import { unary } from "./elementwise.ts";

/** Riemann's zeta function for k = 2, 3, ...: the sum up to 30, and the Euler-Maclaurin formula for the rest. */
function zeta(k: number): number {
  let total = 0;
  for (let n = 1; n < 30; n++) total += n ** -k;
  return (
    total +
    30 ** (1 - k) / (k - 1) +
    30 ** -k / 2 +
    (k * 30 ** (-k - 1)) / 12 -
    (k * (k + 1) * (k + 2) * 30 ** (-k - 3)) / 720
  );
}

const zetas = Array.from({ length: 61 }, (_, k) => zeta(k));

/** ln gamma(1 + z) near 0, where its digits cancel elsewhere: -0.5772... z + the sum of zeta(k) (-z)^k / k. */
function logGammaNearOne(z: number): number {
  let total = 0;
  for (let k = 60; k > 1; k--) total = (zetas[k] / k - total) * z;
  return (total - 0.5772156649015329) * z;
}

/** The derivative number `s` of ln |gamma(x)|, 0 being that itself, by its recurrence and its asymptotic series at 30. */
export function logGammaDerivative(x: number, s: number): number {
  if (s === 0 && Math.abs(x - 1) < 0.3) return logGammaNearOne(x - 1);
  if (s === 0 && Math.abs(x - 2) < 0.3) return logGammaNearOne(x - 2) + Math.log1p(x - 2);
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  let total = 0;
  let product = 1;
  for (; x < 30; x++) {
    if (s === 0) product *= x;
    else total += factorial(s - 1) / x ** s;
  }
  const rest = [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600].map(
    (c, i) => (c * factorial(s + 2 * i)) / x ** (s + 2 * i + 1),
  );
  total += rest.reduceRight((a, b) => a + b);
  if (s === 0) return total + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 - Math.log(Math.abs(product));
  total += factorial(s - 1) / (2 * x ** s) + (s === 1 ? -Math.log(x) : factorial(s - 2) / x ** (s - 1));
  return s % 2 === 0 ? total : -total;
}

const rows = (op: Parameters<typeof unary>[0], s: number): Case[] => [
  ...unary(op, (x) => logGammaDerivative(x, s), { low: 0.5, high: 12 }),
  ...unary(op, (x) => logGammaDerivative(x, s), { low: -1.8, high: -1.2 }).map((one) => ({
    ...one,
    name: `${one.name ?? "usual"}, below 0`,
  })),
];

export const gammaCases: { [name in RowsOf<typeof ops>]: Case[] } = {
  logGamma: rows(ops.logGamma, 0),
  digamma: rows(ops.digamma, 1),
  polygamma: [...rows((x) => ops.polygamma(x), 2), ...rows((x) => ops.polygamma(x, 3), 4)],
};
