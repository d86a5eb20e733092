// Errors against float64 over all magnitudes of floats: none may be larger than docs/accuracy.md says. Products and sums
// stay within 4 sqrt(K) eps sum |a| |b|.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as ops from "../../ts/ops/public.ts";
import { tensor } from "../../ts/tensor/create.ts";
import { scope } from "../../ts/tensor/scope.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { logGammaDerivative } from "./cases/gamma.ts";
import { numbers } from "./reference.ts";
import { floats, ulp } from "./ulp.ts";

/** The largest errors in ulp that the table in docs/accuracy.md allows. */
const documented = new Map(
  [...readFileSync("docs/accuracy.md", "utf8").matchAll(/^\| `([^`]+)` \| ([\d.]+) \|/gm)].map(
    ([, name, ulps]) => [name, Number(ulps)] as const,
  ),
);

/** The normal distribution's tail beyond t > 0, by its continued fraction where that converges, else by a series. */
function normalTail(t: number): number {
  if (t > 3) {
    let fraction = 0;
    for (let k = 80; k > 0; k--) fraction = k / (t + fraction);
    return Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI) / (t + fraction);
  }
  let term = t;
  let area = t;
  for (let n = 1; n < 60; n++) {
    term *= (t * t) / (2 * n + 1);
    area += term;
  }
  return 0.5 - (Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)) * area;
}

const normal = (x: number): number => (x > 0 ? 1 - normalTail(x) : normalTail(-x));
/** The error function: its Taylor series near 0, else by the tail. */
function erf(x: number): number {
  if (Math.abs(x) >= 1) return 2 * normal(x * Math.SQRT2) - 1;
  let term = x;
  let total = x;
  for (let n = 1; n < 30; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (total * 2) / Math.sqrt(Math.PI);
}

const sigmoid = (x: number): number => Math.exp(Math.min(x, 700)) / (1 + Math.exp(Math.min(x, 700)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const geluAngle = (x: number): number => Math.sqrt(8 / Math.PI) * (x + 0.044715 * x ** 3);

type Range = readonly [low: number, high: number];

const TINY = 1e-45;
const NORMAL = 1.2e-38;
const HUGE = 3.4e38;
const positive: Range = [0, HUGE];
const negative: Range = [-TINY, -HUGE];
const everything = [positive, negative];
/** Below -100 and at poles there is little but rounding to see. */
const gammaRanges: readonly Range[] = [
  [TINY, HUGE],
  [-TINY, -100],
];

interface Function {
  readonly op: (x: Tensor) => Tensor;
  readonly exact: (x: number) => number;
  readonly ranges: readonly Range[];
}

const functions: { readonly [name: string]: Function } = {
  exp: {
    op: ops.exp,
    exact: Math.exp,
    ranges: [
      [0, 90],
      [-TINY, -110],
    ],
  },
  expm1: { op: ops.expm1, exact: Math.expm1, ranges: [[0, 90], negative] },
  log: { op: ops.log, exact: Math.log, ranges: [[TINY, HUGE]] },
  log1p: { op: ops.log1p, exact: Math.log1p, ranges: [positive, [-TINY, -0.9999999]] },
  sqrt: { op: ops.sqrt, exact: Math.sqrt, ranges: [positive] },
  rsqrt: { op: ops.rsqrt, exact: (x) => 1 / Math.sqrt(x), ranges: [[TINY, HUGE]] },
  reciprocal: {
    op: ops.reciprocal,
    exact: (x) => 1 / x,
    ranges: [
      [NORMAL, HUGE],
      [-NORMAL, -HUGE],
    ],
  },
  sin: {
    op: ops.sin,
    exact: Math.sin,
    ranges: [
      [0, 1.6e6],
      [-TINY, -1.6e6],
    ],
  },
  cos: {
    op: ops.cos,
    exact: Math.cos,
    ranges: [
      [0, 1.6e6],
      [-TINY, -1.6e6],
    ],
  },
  tan: {
    op: ops.tan,
    exact: Math.tan,
    ranges: [
      [0, 1.6e6],
      [-TINY, -1.6e6],
    ],
  },
  asin: {
    op: ops.asin,
    exact: Math.asin,
    ranges: [
      [0, 1],
      [-TINY, -1],
    ],
  },
  acos: {
    op: ops.acos,
    exact: Math.acos,
    ranges: [
      [0, 1],
      [-TINY, -1],
    ],
  },
  atan: { op: ops.atan, exact: Math.atan, ranges: everything },
  sinh: {
    op: ops.sinh,
    exact: Math.sinh,
    ranges: [
      [0, 90],
      [-TINY, -90],
    ],
  },
  cosh: {
    op: ops.cosh,
    exact: Math.cosh,
    ranges: [
      [0, 90],
      [-TINY, -90],
    ],
  },
  tanh: {
    op: ops.tanh,
    exact: Math.tanh,
    ranges: [
      [NORMAL, HUGE],
      [-NORMAL, -HUGE],
    ],
  },
  asinh: { op: ops.asinh, exact: Math.asinh, ranges: everything },
  acosh: { op: ops.acosh, exact: Math.acosh, ranges: [[1, HUGE]] },
  atanh: {
    op: ops.atanh,
    exact: Math.atanh,
    ranges: [
      [0, 1],
      [-TINY, -1],
    ],
  },
  erf: {
    op: ops.erf,
    exact: erf,
    ranges: [
      [NORMAL, HUGE],
      [-NORMAL, -HUGE],
    ],
  },
  erfc: { op: ops.erfc, exact: (x) => 2 * normal(-x * Math.SQRT2), ranges: everything },
  logGamma: { op: ops.logGamma, exact: (x) => logGammaDerivative(x, 0), ranges: gammaRanges },
  digamma: { op: ops.digamma, exact: (x) => logGammaDerivative(x, 1), ranges: gammaRanges },
  polygamma: { op: (x) => ops.polygamma(x), exact: (x) => logGammaDerivative(x, 2), ranges: gammaRanges },
  sigmoid: { op: ops.sigmoid, exact: sigmoid, ranges: [positive, [-TINY, -110]] },
  softplus: { op: ops.softplus, exact: softplus, ranges: [positive, [-TINY, -110]] },
  silu: {
    op: ops.silu,
    exact: (x) => x * sigmoid(x),
    ranges: [
      [NORMAL, HUGE],
      [-NORMAL, -87],
    ],
  },
  gelu: {
    op: (x) => ops.gelu(x),
    exact: (x) => x * normal(x),
    ranges: [
      [1e-37, HUGE],
      [-1e-37, -HUGE],
    ],
  },
  "gelu, approximate": {
    op: (x) => ops.gelu(x, true),
    exact: (x) => x * sigmoid(geluAngle(x)),
    ranges: [
      [1e-37, HUGE],
      [-1e-37, -1e6],
    ],
  },
  elu: {
    op: (x) => ops.elu(x),
    exact: (x) => (x > 0 ? x : Math.expm1(x)),
    ranges: [
      [NORMAL, HUGE],
      [-NORMAL, -HUGE],
    ],
  },
};

/** Every so many floats are tried: a prime, so that the sample does not hit the same fractions again and again. */
const STEP = 9_973;

describe.each(Object.entries(functions))("%s", (name, { op, exact, ranges }) => {
  it("is as exact as documented", () => {
    let worst = { error: 0, x: 0, y: 0 };
    for (const [low, high] of ranges) {
      const xs = floats(low, high, STEP);
      const ys = scope(() => op(tensor(xs)).data());
      ys.forEach((y, i) => {
        const error = ulp(y, exact(xs[i]));
        if (!(error <= worst.error)) worst = { error, x: xs[i], y };
      });
    }
    expect(documented.has(name)).toBe(true);
    expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(documented.get(name) as number);
  });
});

type Pair = readonly [op: (a: Tensor, b: Tensor) => Tensor, exact: (a: number, b: number) => number];

const pairs: { readonly [name: string]: Pair } = {
  atan2: [ops.atan2, Math.atan2],
  hypot: [ops.hypot, Math.hypot],
  logAddExp: [ops.logAddExp, (a, b) => Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))],
};

describe.each(Object.entries(pairs))("%s", (name, [op, exact]) => {
  it("is as exact as documented", () => {
    // Both signs and all magnitudes up to 1e4, each with another.
    const one = [...floats(1e-6, 1e4, 99_991), ...floats(-1e-6, -1e4, 99_991)];
    const as = Float32Array.from(one.flatMap((a, i) => (i % 8 === 0 ? one.map(() => a) : [])));
    const bs = Float32Array.from(one.flatMap((_, i) => (i % 8 === 0 ? one : [])));
    const ys = scope(() => op(tensor(as), tensor(bs)).data());
    let worst = { error: 0, a: 0, b: 0 };
    ys.forEach((y, i) => {
      const error = ulp(y, exact(as[i], bs[i]));
      if (!(error <= worst.error)) worst = { error, a: as[i], b: bs[i] };
    });
    expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(documented.get(name) as number);
  });
});

const EPSILON = 2 ** -23;

/** Numbers of one sign, of both, and of many magnitudes. */
const kinds: [name: string, make: (count: number, seed: number) => Float64Array][] = [
  ["of one sign", (count, seed) => numbers(count, 0.5, 1.5, seed)],
  ["of both signs", (count, seed) => numbers(count, -1, 1, seed)],
  ["of many magnitudes", (count, seed) => numbers(count, -1, 1, seed).map((v) => Math.fround(v ** 9))],
];

describe.each(kinds)("numbers %s", (_name, make) => {
  it.each([1, 2, 3, 17, 100, 1000, 5000])("matmul over %i of them stays within its bound", (k) => {
    for (const [m, n] of [
      [1, 9],
      [9, 1],
      [5, 11],
      [40, 33],
    ]) {
      const [a, b] = [make(m * k, 1), make(k * n, 2)];
      const ys = ops.matmul(tensor(a, { shape: [m, k] }), tensor(b, { shape: [k, n] })).data();
      ys.forEach((y, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        let [exact, sizes] = [0, 0];
        for (let p = 0; p < k; p++) {
          const product = a[i * k + p] * b[p * n + j];
          exact += product;
          sizes += Math.abs(product);
        }
        expect(Math.abs(y - exact)).toBeLessThanOrEqual(4 * Math.sqrt(k) * EPSILON * sizes);
      });
    }
  });

  it.each([1, 2, 3, 17, 100, 1000, 100_000])("sums of %i of them stay within their bound", (k) => {
    const columns = 3;
    const x = make(k * columns, 5);
    const [exact, sizes] = [new Float64Array(columns), new Float64Array(columns)];
    x.forEach((v, i) => {
      exact[i % columns] += v;
      sizes[i % columns] += Math.abs(v);
    });
    const rows = tensor(x, { shape: [k, columns] });
    const sums: [name: string, values: Float32Array][] = [
      ["of columns", ops.sum(rows, 0).data()],
      ["of rows", ops.sum(ops.transpose(rows), 1).data()],
      [
        "by the mean",
        ops
          .mean(rows, 0)
          .data()
          .map((v) => v * k),
      ],
      ["running", ops.slice(ops.cumsum(rows, 0), [k - 1, 0]).data()],
    ];
    for (const [what, values] of sums) {
      values.forEach((value, i) => {
        expect(Math.abs(value - exact[i]), what).toBeLessThanOrEqual(4 * Math.sqrt(k) * EPSILON * sizes[i]);
      });
    }
  });
});
