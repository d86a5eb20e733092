// Ops on images against PyTorch and colorsys (tests/golden/images.py); what they refuse.
import { describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import * as ops from "../../ts/index.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose } from "../layers/close.ts";

interface Row {
  readonly op: string;
  readonly options: { readonly [option: string]: never };
  readonly inputs: readonly Values[];
  readonly output: Values;
  readonly direction: Values;
  readonly gradients: readonly Values[];
}

type Pixels = readonly (readonly number[])[];

const golden: {
  readonly rows: readonly Row[];
  readonly conversions: Record<"rgbToHsv" | "hsvToRgb", { readonly input: Pixels; readonly output: Pixels }>;
} = readGolden("images");

const { tensor, zeros } = ops;

/** Calls an op by its name; how its options are arguments. */
function call(op: string, inputs: readonly Tensor[], options: { readonly [option: string]: never }): Tensor {
  const [x, y, bias] = inputs;
  const { size, outputSize, alignCorners } = options;
  switch (op) {
    case "gridSample":
      return ops.gridSample(x, y, options);
    case "affineGrid":
      return ops.affineGrid(x, size, alignCorners);
    case "affineWarp":
      return ops.affineWarp(x, y, options);
    case "resize":
      return ops.resize(x, size, { interpolation: options.interpolation });
    case "conv1dTranspose":
      return ops.conv1dTranspose(x, y, bias, options);
    case "conv2dTranspose":
      return ops.conv2dTranspose(x, y, bias, options);
    case "conv3dTranspose":
      return ops.conv3dTranspose(x, y, bias, options);
    case "adaptiveAveragePool1d":
      return ops.adaptiveAveragePool1d(x, outputSize);
    case "adaptiveAveragePool2d":
      return ops.adaptiveAveragePool2d(x, outputSize);
    case "adaptiveAveragePool3d":
      return ops.adaptiveAveragePool3d(x, outputSize);
    case "adaptiveMaxPool1d":
      return ops.adaptiveMaxPool1d(x, outputSize);
    case "adaptiveMaxPool2d":
      return ops.adaptiveMaxPool2d(x, outputSize);
    case "adaptiveMaxPool3d":
      return ops.adaptiveMaxPool3d(x, outputSize);
    default:
      return expect.fail(`no op ${op}`);
  }
}

describe("ops agree with PyTorch", () => {
  it.each(golden.rows.map((row) => [`${row.op} ${JSON.stringify(row.options)}`, row] as const))(
    "%s",
    (_title, { op, options, inputs, output, direction, gradients }) => {
      const found = grad((xs: readonly Tensor[]) => {
        const y = call(op, xs, options);
        expect(y.shape).toEqual(output.shape);
        expectClose(y.data(), output.data, { absolute: 1e-5 });
        return ops.sum(ops.mul(y, toTensor(direction)));
      })(inputs.map(toTensor)) as Tensor[];
      gradients.forEach(({ data }, i) => {
        expectClose(found[i].data(), data, { absolute: 2e-5 });
      });
    },
  );
});

const { rgbToHsv, hsvToRgb, perImageStandardization } = ops;
const conversions = { rgbToHsv, hsvToRgb };

describe("colours agree with colorsys", () => {
  it.each(["rgbToHsv", "hsvToRgb"] as const)("%s", (op) => {
    const { input, output } = golden.conversions[op];
    expectClose(conversions[op](tensor(input.map((pixel) => [...pixel]))).data(), output.flat());
  });

  it("and come back", () => {
    const { input } = golden.conversions.rgbToHsv;
    const x = tensor(input.map((pixel) => [...pixel]));
    expectClose(ops.hsvToRgb(ops.rgbToHsv(x)).data(), input.flat());
    expectClose(ops.adjustHue(x, 1).data(), input.flat(), { absolute: 4e-6 });
    expectClose(ops.adjustSaturation(x, 1).data(), input.flat());
  });
});

describe("gradients of grey", () => {
  it.each(Object.entries({ ...conversions, perImageStandardization }))("%s: are numbers", (_name, op) => {
    for (const level of [0, 0.5]) {
      const x = ops.full([1, 2, 2, 3], level);
      const dx = grad((p: Tensor) => ops.sum(ops.square(op(p))))(x).data();
      expect(dx.every(Number.isFinite)).toBe(true);
    }
  });
});

describe("bad input", () => {
  const image = zeros([1, 4, 4, 3]);
  const wrong: [string, () => Tensor][] = [
    ["resize: x must be [batch, height, width, channels], got shape [4, 4]", () => ops.resize(zeros([4, 4]), [2, 2])],
    ["resize: size must be one or two whole numbers of at least 1", () => ops.resize(image, [0, 2])],
    ["resize: interpolation must be", () => ops.resize(image, [2, 2], { interpolation: "cubic" as never })],
    ["resize: images must not be empty, got [1, 0, 4, 3]", () => ops.resize(zeros([1, 0, 4, 3]), [2, 2])],
    ["gridSample: grid must be [batch, rows, columns, 2]", () => ops.gridSample(image, zeros([2, 2, 2, 2]))],
    ["gridSample: images must not be empty", () => ops.gridSample(zeros([1, 0, 4, 3]), zeros([1, 2, 2, 2]))],
    [
      "gridSample: padding must be zeros, border or reflection, got wrap",
      () => ops.gridSample(image, zeros([1, 2, 2, 2]), { padding: "wrap" as never }),
    ],
    ["affineGrid: matrices must be [batch, 2, 3], got [2, 3]", () => ops.affineGrid(zeros([2, 3]), [2, 2])],
    ["adaptiveMaxPool1d: x must not be empty", () => ops.adaptiveMaxPool1d(zeros([1, 0, 2]), 2)],
    ["rgbToHsv: x must have 3 channels on its last axis, got [4, 4]", () => ops.rgbToHsv(zeros([4, 4]))],
    ["adjustContrast: x must be [..., height, width, channels]", () => ops.adjustContrast(zeros([4, 4]), 2)],
    [
      "conv3d: filters must be [frames, rows, columns, channels",
      () => ops.conv3d(zeros([1, 2, 2, 2, 3]), zeros([1, 1, 1, 2, 3])),
    ],
    ["conv1d: filters must have three axes", () => ops.conv1d(zeros([1, 4, 3]), zeros([3, 3]))],
    [
      "conv1dTranspose: filters must be [taps, outputs / groups, channels] with channels in equal groups",
      () => ops.conv1dTranspose(zeros([1, 4, 3]), zeros([2, 2, 3]), undefined, { groups: 2 }),
    ],
    [
      "separableConv1d: pointwise filters must be [1, channels multiplier, outputs]",
      () => ops.separableConv1d(zeros([1, 4, 3]), zeros([2, 3, 2]), zeros([1, 3, 2])),
    ],
  ];
  it.each(wrong)("%s", (message, f) => {
    expect(f).toThrow(message);
  });
});
