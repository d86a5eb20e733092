// Rows for ts/ops/resize.ts, ts/ops/grid-sample.ts and ts/ops/color.ts.
import * as color from "../../../ts/ops/color.ts";
import { square } from "../../../ts/ops/elementwise.ts";
import * as grids from "../../../ts/ops/grid-sample.ts";
import * as sizes from "../../../ts/ops/resize.ts";
import type { Tensor } from "../../../ts/tensor/tensor.ts";
import { at, fromIndices, map, type NdArray, numbers } from "../reference.ts";
import { type Case, type RowsOf, row } from "./case.ts";

const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** x [batch, height, width, channels] at a place given in pixels; `pixel` is what stands at whole places. */
function interpolated(pixel: (y: number, x: number) => number, y: number, x: number): number {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, right] = [y - top, x - left];
  const line = (row: number): number => pixel(row, left) * (1 - right) + pixel(row, left + 1) * right;
  return line(top) * (1 - down) + line(top + 1) * down;
}

function resized(x: NdArray, [height, width]: readonly number[], interpolation: string): NdArray {
  const [batch, fromHeight, fromWidth, channels] = x.shape;
  return fromIndices([batch, height, width, channels], ([n, i, j, c]) => {
    const pixel = (y: number, z: number): number =>
      at(x, [n, between(y, 0, fromHeight - 1), between(z, 0, fromWidth - 1), c]);
    const [y, z] = [((i + 0.5) * fromHeight) / height, ((j + 0.5) * fromWidth) / width];
    return interpolation === "nearest"
      ? pixel(Math.floor(y), Math.floor(z))
      : interpolated(pixel, between(y - 0.5, 0, fromHeight - 1), between(z - 0.5, 0, fromWidth - 1));
  });
}

const resizeRows: Case[] = (
  [
    ["larger", [2, 3, 4, 2], [6, 8]],
    ["smaller", [1, 6, 5, 3], [4, 2]],
    ["larger and smaller", [1, 3, 7, 2], [5, 4]],
    ["as it is", [1, 3, 2, 2], [3, 2]],
    ["one pixel", [1, 1, 1, 2], [2, 3]],
    ["no images", [0, 2, 2, 1], [3, 3]],
  ] as const
).flatMap(([name, shape, size]) =>
  (["bilinear", "nearest"] as const).map((interpolation) =>
    row({
      name: `${name}, ${interpolation}, squared`,
      inputs: [{ shape }],
      run: (x: Tensor) => square(sizes.resize(x, size, { interpolation })),
      reference: (x) => map(resized(x, size, interpolation), (v) => v * v),
    }),
  ),
);

export const resizeCases: { [name in RowsOf<typeof sizes> | "repeatEach"]: Case[] } = {
  resize: [
    ...resizeRows,
    row({
      name: "bilinear unless told otherwise",
      inputs: [{ shape: [1, 2, 3, 2] }],
      run: (x: Tensor) => sizes.resize(x, [4, 5]),
      reference: (x) => resized(x, [4, 5], "bilinear"),
      second: false,
    }),
  ],
  repeatEach: [0, 1, 2].map((axis) =>
    row({
      name: `axis ${axis}`,
      inputs: [{ shape: [2, 3, 4] }],
      run: (x: Tensor) => square(sizes.repeatEach(x, axis, 3)),
      reference: (x) =>
        fromIndices(
          x.shape.map((size, i) => (i === axis ? 3 * size : size)),
          (index) =>
            at(
              x,
              index.map((place, i) => (i === axis ? Math.floor(place / 3) : place)),
            ) ** 2,
        ),
    }),
  ),
};

/** A place beyond [low, high] folded back at the ends. */
function reflected(place: number, low: number, high: number): number {
  if (high === low) return 0;
  const turn = 2 * (high - low);
  const within = (((place - low) % turn) + turn) % turn;
  return low + Math.min(within, turn - within);
}

function sampled(x: NdArray, grid: NdArray, options: grids.GridSampleOptions): NdArray {
  const { interpolation = "bilinear", padding = "zeros", alignCorners = false } = options;
  const [batch, height, width, channels] = x.shape;
  const [, rows, columns] = grid.shape;
  const place = (value: number, size: number): number => {
    const pixel = alignCorners ? ((value + 1) / 2) * (size - 1) : ((value + 1) * size - 1) / 2;
    if (padding === "zeros") return pixel;
    const [low, high] = alignCorners ? [0, size - 1] : [-0.5, size - 0.5];
    return between(padding === "reflection" ? reflected(pixel, low, high) : pixel, 0, size - 1);
  };
  return fromIndices([batch, rows, columns, channels], ([n, i, j, c]) => {
    const [z, y] = [place(at(grid, [n, i, j, 0]), width), place(at(grid, [n, i, j, 1]), height)];
    const pixel = (row: number, column: number): number =>
      row >= 0 && row < height && column >= 0 && column < width ? at(x, [n, row, column, c]) : 0;
    return interpolation === "nearest" ? pixel(Math.floor(y + 0.5), Math.floor(z + 0.5)) : interpolated(pixel, y, z);
  });
}

/** Values of a grid that stay away from the places where a pixel ends, in and outside the image. */
function gridValues(count: number, sizes: readonly [number, number], reach: number): number[] {
  return Array.from(numbers(count, 0, 1, 5), (share, i) => {
    const size = sizes[i % 2];
    const cell = Math.floor(share * 1000) % Math.ceil(size * reach);
    const fraction = 0.15 + 0.2 * ((i * 7) % 3) + (i % 2) * 0.02;
    return ((cell + fraction + 0.5 - (size * (reach - 1)) / 2) * 2) / size - 1;
  });
}

const gridShape = [2, 3, 4, 2] as const;
const paddings = ["zeros", "border", "reflection"] as const;

const gridRows: Case[] = paddings.flatMap((padding) =>
  [false, true].flatMap((alignCorners) =>
    (["bilinear", "nearest"] as const).map((interpolation) =>
      row({
        name: `${padding}, ${interpolation}${alignCorners ? ", aligned corners" : ""}`,
        inputs: [
          { shape: [2, 4, 5, 3] },
          { shape: gridShape, values: gridValues(48, alignCorners ? [4, 3] : [5, 4], 2) },
        ],
        run: (x: Tensor, grid: Tensor) => grids.gridSample(x, grid, { interpolation, padding, alignCorners }),
        reference: (x, grid) => sampled(x, grid, { interpolation, padding, alignCorners }),
        gradients: interpolation === "nearest" ? [0] : [0, 1],
        gradientTolerance: 5e-4,
        tolerance: 1e-5,
        second: interpolation === "bilinear",
      }),
    ),
  ),
);

function affine(matrices: NdArray, [height, width]: readonly number[], alignCorners: boolean): NdArray {
  const along = (i: number, size: number): number => (alignCorners ? (2 * i) / (size - 1) - 1 : (2 * i + 1) / size - 1);
  return fromIndices([matrices.shape[0], height, width, 2], ([n, i, j, k]) =>
    [along(j, width), along(i, height), 1].reduce((sum, v, m) => sum + v * at(matrices, [n, k, m]), 0),
  );
}

const turned = [0.9, -0.3, 0.12, 0.25, 0.8, -0.07, -0.7, 0.4, 0.03, 0.2, 1.1, 0.21];

export const gridSampleCases: { [name in RowsOf<typeof grids>]: Case[] } = {
  gridSample: [
    ...gridRows,
    row({
      name: "no images",
      inputs: [{ shape: [0, 2, 2, 1] }, { shape: [0, 3, 3, 2] }],
      run: (x: Tensor, grid: Tensor) => grids.gridSample(x, grid),
      reference: (x, grid) => sampled(x, grid, {}),
    }),
  ],
  affineGrid: [false, true].map((alignCorners) =>
    row({
      name: alignCorners ? "aligned corners" : "",
      inputs: [{ shape: [2, 2, 3] }],
      run: (matrices: Tensor) => square(grids.affineGrid(matrices, [3, 4], alignCorners)),
      reference: (matrices) => map(affine(matrices, [3, 4], alignCorners), (v) => v * v),
    }),
  ),
  affineWarp: [
    row({
      inputs: [{ shape: [2, 4, 5, 2] }, { shape: [2, 2, 3], values: turned }],
      run: (x: Tensor, matrices: Tensor) => grids.affineWarp(x, matrices),
      reference: (x, matrices) => sampled(x, affine(matrices, [4, 5], false), {}),
      gradientTolerance: 5e-4,
      tolerance: 1e-5,
      second: false,
    }),
    row({
      name: "another size",
      inputs: [{ shape: [2, 4, 5, 2] }, { shape: [2, 2, 3], values: turned }],
      run: (x: Tensor, matrices: Tensor) => grids.affineWarp(x, matrices, { size: [3, 3], padding: "border" }),
      reference: (x, matrices) => sampled(x, affine(matrices, [3, 3], false), { padding: "border" }),
      gradientTolerance: 5e-4,
      tolerance: 1e-5,
      second: false,
    }),
  ],
};

/** f of the numbers along the last axis. */
function perPixel(x: NdArray, f: (channels: number[]) => number[]): NdArray {
  const channels = x.shape[x.shape.length - 1];
  const pixels = Array.from({ length: x.data.length / channels }, (_, i) =>
    f(Array.from(x.data.subarray(i * channels, (i + 1) * channels))),
  );
  const outputs = f(new Array<number>(channels).fill(0.5)).length;
  return { shape: [...x.shape.slice(0, -1), outputs], data: Float64Array.from(pixels.flat()) };
}

function toHsv([r, g, b]: number[]): number[] {
  const [value, least] = [Math.max(r, g, b), Math.min(r, g, b)];
  const chroma = value - least;
  if (chroma === 0) return [0, 0, value];
  const turn = value === r ? (g - b) / chroma : value === g ? (b - r) / chroma + 2 : (r - g) / chroma + 4;
  return [(turn < 0 ? turn + 6 : turn) / 6, chroma / value, value];
}

/** By the six sides of the colour hexagon. */
function toRgb([h, s, v]: number[]): number[] {
  const turn = (h - Math.floor(h)) * 6;
  const side = Math.floor(turn);
  const part = turn - side;
  const [low, down, up] = [v * (1 - s), v * (1 - s * part), v * (1 - s * (1 - part))];
  return [
    [v, up, low],
    [down, v, low],
    [low, v, up],
    [low, down, v],
    [up, low, v],
    [v, low, down],
  ][side];
}

/** f of the numbers of each group that `key` makes of their places. */
function grouped(
  x: NdArray,
  key: (position: number) => number,
  f: (values: number[]) => (v: number) => number,
): NdArray {
  const groups = new Map<number, number[]>();
  for (const [i, v] of x.data.entries()) groups.set(key(i), [...(groups.get(key(i)) ?? []), v]);
  const functions = new Map([...groups].map(([k, values]) => [k, f(values)]));
  return { shape: x.shape, data: x.data.map((v, i) => (functions.get(key(i)) as (v: number) => number)(v)) };
}

const average = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Colours whose greatest and least channels are far from the others; every side of the hexagon. */
const colors = [
  [0.9, 0.3, 0.1],
  [0.4, 0.8, 0.2],
  [0.15, 0.7, 0.5],
  [0.2, 0.45, 0.95],
  [0.6, 0.1, 0.85],
  [0.75, 0.05, 0.35],
].flat();
const grays = [0.5, 0.5, 0.5, 0, 0, 0, 1, 1, 1];

function colorRows(run: (x: Tensor) => Tensor, f: (channels: number[]) => number[], bounded = true): Case[] {
  const common = { gradientTolerance: 1e-3, tolerance: 5e-6 };
  return [
    row({
      name: "squared",
      inputs: [{ shape: [1, 2, 3, 3], values: colors }],
      run: (x: Tensor) => square(run(x)),
      reference: (x) => map(perPixel(x, f), (v) => v * v),
      ...common,
    }),
    row({
      name: "pixels without images",
      inputs: [{ shape: [6, 3], values: colors }],
      run,
      reference: (x) => perPixel(x, f),
      second: false,
      ...common,
    }),
    ...(bounded
      ? [
          row({
            name: "grey",
            inputs: [{ shape: [3, 3], values: grays }],
            run,
            reference: (x) => perPixel(x, f),
            gradients: [],
          }),
        ]
      : []),
    row({ name: "no images", inputs: [{ shape: [0, 2, 2, 3] }], run, reference: (x) => perPixel(x, f) }),
  ];
}

export const colorCases: { [name in RowsOf<typeof color>]: Case[] } = {
  rgbToGrayscale: colorRows(color.rgbToGrayscale, ([r, g, b]) => [0.2989 * r + 0.587 * g + 0.114 * b]),
  rgbToHsv: colorRows(color.rgbToHsv, toHsv),
  hsvToRgb: [
    ...colorRows(color.hsvToRgb, toRgb),
    row({
      name: "hues of several turns",
      inputs: [{ shape: [3, 3], values: [1.3, 0.5, 0.8, -0.2, 0.9, 0.4, -2.7, 0.6, 0.9] }],
      run: color.hsvToRgb,
      reference: (x) => perPixel(x, toRgb),
      second: false,
    }),
  ],
  adjustBrightness: colorRows(
    (x) => color.adjustBrightness(x, 0.2),
    (pixel) => pixel.map((v) => v + 0.2),
  ),
  adjustContrast: [
    row({
      inputs: [{ shape: [2, 3, 2, 3] }],
      run: (x: Tensor) => square(color.adjustContrast(x, 1.7)),
      reference: (x) =>
        map(
          grouped(
            x,
            (i) => Math.floor(i / 18) * 3 + (i % 3),
            (values) => (v) => (v - average(values)) * 1.7 + average(values),
          ),
          (v) => v * v,
        ),
    }),
  ],
  adjustSaturation: [0.6, 1.2].flatMap((factor) =>
    colorRows(
      (x) => color.adjustSaturation(x, factor),
      (pixel) => {
        const [h, s, v] = toHsv(pixel);
        return toRgb([h, Math.min(1, s * factor), v]);
      },
    ),
  ),
  adjustHue: [0.13, -0.4].flatMap((delta) =>
    colorRows(
      (x) => color.adjustHue(x, delta),
      (pixel) => {
        const [h, s, v] = toHsv(pixel);
        return toRgb([h + delta, s, v]);
      },
    ),
  ),
  perImageStandardization: [
    row({
      name: "squared",
      inputs: [{ shape: [2, 3, 2, 3] }],
      run: (x: Tensor) => square(color.perImageStandardization(x)),
      reference: (x) =>
        map(
          grouped(
            x,
            (i) => Math.floor(i / 18),
            (values) => {
              const mean = average(values);
              const deviation = Math.sqrt(average(values.map((v) => (v - mean) ** 2)));
              return (v) => (v - mean) / Math.max(deviation, 1 / Math.sqrt(values.length));
            },
          ),
          (v) => v * v,
        ),
      gradientTolerance: 3e-4,
    }),
    row({
      name: "one colour",
      inputs: [{ shape: [1, 2, 2, 3], values: new Array<number>(12).fill(0.25) }],
      run: color.perImageStandardization,
      reference: (x) => map(x, () => 0),
      gradients: [],
    }),
  ],
};
