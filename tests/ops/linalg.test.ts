// Linear algebra and Fourier transforms against NumPy and PyTorch (tests/golden/linalg.py), what has no result, sizes
// that tests of every element could not afford, and errors.
import { describe, expect, it } from "vitest";
import * as heddle from "../../ts/index.ts";
import { DtypeError, ShapeError, type Tensor, tensor } from "../../ts/index.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose, spread } from "../layers/close.ts";

const { abs, add, capture, concat, eye, grad, matmul, max, mul, norm, randomNormal, sub, sum } = heddle;

interface Row {
  readonly op: string;
  readonly inputs: readonly Values[];
  readonly results: readonly Values[];
  readonly options?: never;
  readonly direction?: Values;
  readonly gradients?: readonly Values[];
}

const rows: Row[] = readGolden("linalg");
const pairs = ["fft", "ifft", "fft2", "irfft"];
const signless = ["svd", "eigh"];

/** What an op makes of its inputs, as a list of tensors: a complex result as one, stacked. */
function call({ op, options }: Row, inputs: readonly Tensor[]): Tensor[] {
  const f = (heddle as unknown as Record<string, (...args: unknown[]) => Tensor | Tensor[]>)[op];
  const y = f(...(pairs.includes(op) ? [inputs] : inputs), ...(options === undefined ? [] : [options]));
  if (!Array.isArray(y)) return [y];
  return op.includes("fft") ? [heddle.stack(y) as Tensor] : y;
}

describe("linear algebra and transforms agree with NumPy and PyTorch", () => {
  it.each(rows.map((row) => [`${row.op} ${row.inputs.map(({ shape }) => `[${shape}]`).join(" ")}`, row] as const))(
    "%s",
    (_title, row) => {
      const found = call(row, row.inputs.map(toTensor));
      expect(found.length).toBe(row.results.length);
      // An ill-conditioned inverse is large; an error is one compared with the largest number.
      row.results.forEach(({ shape, data }, i) => {
        expect(found[i].shape).toEqual(shape);
        const same = (x: number): number => (signless.includes(row.op) ? Math.abs(x) : x);
        const largest = Math.max(1, ...data.map(Math.abs));
        expectClose([...found[i].data()].map(same), data.map(same), { relative: 1e-5, absolute: 2e-6 * largest });
      });
      if (row.direction === undefined || row.gradients === undefined) return;
      const direction = toTensor(row.direction);
      const gradients = grad((inputs: readonly Tensor[]) => sum(mul(call(row, inputs)[0], direction)))(
        row.inputs.map(toTensor),
      );
      row.gradients.forEach(({ data }, i) => {
        expectClose(gradients[i].data(), data, { relative: 1e-4, absolute: 1e-5 });
      });
    },
  );
});

describe("what has no result is NaN, eagerly and captured, and only in its own matrix", () => {
  const singular = tensor([
    [
      [1, 2],
      [2, 4],
    ],
    [
      [2, 0],
      [0, 4],
    ],
  ]);
  const indefinite = mul(singular, tensor([[[-1]], [[1]]]));
  const nothing = new Array<number>(4).fill(Number.NaN);
  it.each([
    ["inv", heddle.inv, singular, [...nothing, 0.5, 0, 0, 0.25]],
    ["cholesky", heddle.cholesky, indefinite, [...nothing, Math.fround(Math.SQRT2), 0, 0, 2]],
    ["det", heddle.det, singular, [0, 8]],
    ["logdet", heddle.logdet, singular, [Number.NEGATIVE_INFINITY, Math.fround(Math.log(8))]],
  ] as const)("%s", (_name, f, x, expected) => {
    const captured = capture((a: Tensor) => f(a));
    for (const y of [f(x), captured(x), captured(x)]) expect([...y.data()]).toEqual(expected);
    captured.dispose();
  });

  it("NaN in, NaN out, and no endless loop", () => {
    const x = tensor([
      [1, Number.NaN],
      [0, Number.POSITIVE_INFINITY],
    ]);
    for (const y of [...heddle.svd(x), ...heddle.eigh(x)]) expect([...y.data()].every(Number.isNaN)).toBe(true);
  });

  it("solveTriangular divides by a diagonal of 0", () => {
    const x = heddle.solveTriangular(tensor([[0]]), tensor([[3]]));
    expect(x.item()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("larger matrices", () => {
  const n = 120;
  const a = randomNormal([n, n], { generator: new heddle.Generator(1) });
  const distance = (x: Tensor, y: Tensor): number => max(abs(sub(x, y))).item();

  it("svd: u s v' is the matrix, u and v are orthogonal", () => {
    const [u, s, vt] = heddle.svd(a);
    expect(distance(matmul(mul(u, s), vt), a)).toBeLessThan(1e-5);
    expect(distance(matmul(u, u, { transposeA: true }), eye(n))).toBeLessThan(1e-6);
    expect(distance(matmul(vt, vt, { transposeB: true }), eye(n))).toBeLessThan(1e-6);
    const values = [...s.data()];
    expect(values).toEqual(values.toSorted((x, y) => y - x));
  });

  it("svd of a matrix of rank 1 has orthogonal vectors all the same", () => {
    const x = matmul(spread([9, 1]), spread([1, 6], { seed: 2 }));
    const [u, s, vt] = heddle.svd(x);
    expect(distance(matmul(u, u, { transposeA: true }), eye(6))).toBeLessThan(1e-6);
    expect(distance(matmul(mul(u, s), vt), x)).toBeLessThan(1e-6);
    expect([...s.data()].slice(1).every((value) => value < 1e-6)).toBe(true);
    const [zero] = heddle.svd(heddle.zeros([3, 2]));
    expect(distance(matmul(zero, zero, { transposeA: true }), eye(2))).toBe(0);
  });

  it("eigh, qr, solve and cholesky", () => {
    const symmetric = add(a, a.transpose());
    const [w, v] = heddle.eigh(symmetric);
    expect(distance(matmul(mul(v, w), v, { transposeB: true }), symmetric)).toBeLessThan(2e-5);
    const [q, r] = heddle.qr(a);
    expect(distance(matmul(q, r), a)).toBeLessThan(3e-6);
    const x = heddle.solve(a, a);
    expect(distance(x, eye(n))).toBeLessThan(1e-6);
    const definite = add(matmul(a, a, { transposeB: true }), eye(n));
    const l = heddle.cholesky(definite);
    expect(distance(matmul(l, l, { transposeB: true }), definite)).toBeLessThan(1e-4);
  });

  it("a gradient through equal singular values is finite: the nuclear norm of the identity", () => {
    const gradient = grad((x: Tensor) => norm(x, { ord: "nuc", axis: [0, 1] }))(eye(3));
    expectClose(gradient.data(), eye(3).data());
  });
});

describe("transforms of many numbers", () => {
  it.each([65536, 81920, 2 ** 17, 10007])("length %i: there and back, and one frequency", (n) => {
    const x = spread([n], { seed: 3 });
    const y = spread([n], { seed: 4 });
    const back = heddle.ifft(heddle.fft([x, y]));
    expectClose(back[0].data(), x.data(), { absolute: 3e-6 });
    expectClose(back[1].data(), y.data(), { absolute: 3e-6 });
    const wave = tensor(Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * 5 * i) / n)));
    const [re, im] = heddle.rfft(wave).map((part) => part.data());
    re.forEach((value, k) => {
      const error = Math.hypot(value - (k === 5 ? n / 2 : 0), im[k]);
      if (!(error < 2e-7 * n)) expect.fail(`number ${k}: off by ${error}`);
    });
  });

  it("stft and istft undo each other with every window that overlaps enough", () => {
    const x = spread([2, 500]);
    for (const window of ["hann", "hamming", null] as const) {
      const [re, im] = heddle.stft(x, 64, 16, 64, { window });
      expect(re.shape).toEqual([2, 32, 33]);
      expectClose(
        heddle.istft([re, im], 64, 16, 64, { window, length: 496 }).data(),
        x.slice([0, 0], [2, 496]).data(),
        {
          absolute: 2e-6,
        },
      );
    }
  });
});

const shapes = [
  [4, 2],
  [2, 4],
  [3, 3],
  [2, 5, 3],
  [3, 1],
  [3, 0],
  [0, 3],
];

describe.each(shapes.map((shape) => [shape.join(" x "), shape] as const))("full factors of %s", (_title, shape) => {
  const [m, n] = shape.slice(-2);
  const batch = shape.slice(0, -2);
  const a = spread(shape);
  const isOrthogonal = (q: Tensor, side: number): void => {
    expect(q.shape).toEqual([...batch, side, side]);
    const products = matmul(q, q, { transposeA: true });
    expectClose(sub(products, eye(side)).data(), new Float32Array(products.size), { absolute: 1e-6 });
  };

  it("qr", () => {
    const [q, r] = heddle.qr(a, { mode: "complete" });
    const [reducedQ, reducedR] = heddle.qr(a);
    isOrthogonal(q, m);
    expect(r.shape).toEqual(shape);
    expectClose(matmul(q, r).data(), a.data(), { absolute: 1e-6 });
    expect(
      q
        .slice(
          shape.map(() => 0),
          reducedQ.shape,
        )
        .data(),
    ).toEqual(reducedQ.data());
    expect(
      r
        .slice(
          shape.map(() => 0),
          reducedR.shape,
        )
        .data(),
    ).toEqual(reducedR.data());
    expectClose(sub(r, heddle.triu(r)).data(), new Float32Array(r.size), { absolute: 0 });
  });

  it("svd", () => {
    const [u, s, vt] = heddle.svd(a, { fullMatrices: true });
    const [reducedU, reducedS, reducedVt] = heddle.svd(a);
    isOrthogonal(u, m);
    isOrthogonal(vt, n);
    expect(s.data()).toEqual(reducedS.data());
    expect(
      u
        .slice(
          shape.map(() => 0),
          reducedU.shape,
        )
        .data(),
    ).toEqual(reducedU.data());
    expect(
      vt
        .slice(
          shape.map(() => 0),
          reducedVt.shape,
        )
        .data(),
    ).toEqual(reducedVt.data());
  });
});

describe("gradients of full factors", () => {
  const [tall, square] = [spread([4, 2]), spread([3, 3])];
  const complete = { mode: "complete" } as const;
  const full = { fullMatrices: true };

  it("are those of the reduced ones where these are the same", () => {
    const weights = spread([3, 3]);
    const by = (f: (a: Tensor) => Tensor, a: Tensor): Float32Array => grad((x: Tensor) => sum(f(x)))(a).data();
    expect(by((a) => mul(heddle.qr(a, complete)[0], weights), square)).toEqual(
      by((a) => mul(heddle.qr(a)[0], weights), square),
    );
    expect(by((a) => mul(heddle.svd(a, full)[0], weights), square)).toEqual(
      by((a) => mul(heddle.svd(a)[0], weights), square),
    );
    expect(by((a) => heddle.qr(a, complete)[1], tall)).toEqual(by((a) => heddle.qr(a)[1], tall));
    expect(by((a) => heddle.svd(a, full)[1], tall)).toEqual(by((a) => heddle.svd(a)[1], tall));
  });

  it("are refused where there are none", () => {
    const message = /to have a gradient, factors must be the reduced ones/;
    expect(() => grad((a: Tensor) => sum(heddle.qr(a, complete)[0]))(tall)).toThrow(message);
    expect(() => grad((a: Tensor) => sum(heddle.svd(a, full)[0]))(tall)).toThrow(heddle.ArgumentError);
    expect(() => grad((a: Tensor) => sum(heddle.svd(a, full)[2]))(tall.transpose())).toThrow(heddle.ArgumentError);
  });
});

describe("errors", () => {
  const vector = tensor([1, 2]);
  const flat = tensor([[1, 2, 3]]);
  it.each([
    ["cholesky of a vector", () => heddle.cholesky(vector), ShapeError],
    ["inv of a rectangle", () => heddle.inv(flat), ShapeError],
    ["eigh of a rectangle", () => heddle.eigh(flat), ShapeError],
    ["solve with rows that do not fit", () => heddle.solve(eye(3), vector), ShapeError],
    ["solve with batches that do not fit", () => heddle.solve(spread([2, 3, 3]), spread([3, 3, 1])), ShapeError],
    ["svd of a vector", () => heddle.svd(vector), ShapeError],
    ["det of integers", () => heddle.det(tensor([[1]], { dtype: "i32" }) as never), DtypeError],
    ["qr of an unknown mode", () => heddle.qr(flat, { mode: "raw" as never }), heddle.ArgumentError],
    ["pinv below 0", () => heddle.pinv(flat, { rcond: -1 }), heddle.ArgumentError],
    ["norm of an unknown order", () => norm(flat, { ord: 3 }), heddle.ArgumentError],
    ["fft of one tensor", () => heddle.fft(vector as never), heddle.ArgumentError],
    ["fft of different shapes", () => heddle.fft([vector, flat]), ShapeError],
    ["fft of nothing", () => heddle.rfft(tensor(new Float32Array(0))), ShapeError],
    ["fft2 of vectors", () => heddle.fft2([vector, vector]), ShapeError],
    ["irfft to length 0", () => heddle.irfft([vector, vector], 0), heddle.ArgumentError],
    ["a sequence longer than x", () => heddle.extractSequences(vector, 3, 1), ShapeError],
    ["a transform shorter than the sequence", () => heddle.stft(spread([99]), 8, 4, 4), heddle.ArgumentError],
    ["a window of another length", () => heddle.stft(spread([99]), 8, 4, 8, { window: vector }), ShapeError],
    ["a signal too short to mirror", () => heddle.stft(vector, 4, 1, 8), ShapeError],
  ])("%s", (_title, f, error) => {
    expect(f).toThrow(error);
  });

  it("concat of factors has the sizes of the factors", () => {
    const [q, r] = heddle.qr(concat([eye(2), eye(2)], 1) as Tensor);
    expect([q.shape, r.shape]).toEqual([
      [2, 2],
      [2, 4],
    ]);
  });
});
