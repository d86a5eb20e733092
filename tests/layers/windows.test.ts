// Layers of sliding windows: values and gradients that Keras computed (tests/golden/windows.py), masks, and options and
// inputs that do not fit.
import { beforeEach, describe, expect, it } from "vitest";
import { grad } from "../../ts/autograd/grad.ts";
import type { Json } from "../../ts/layers/config.ts";
import * as layers from "../../ts/layers/index.ts";
import { mul } from "../../ts/ops/arithmetic.ts";
import { sum } from "../../ts/ops/broadcast.ts";
import { tensor, zeros } from "../../ts/tensor/create.ts";
import type { Shape } from "../../ts/tensor/shape.ts";
import type { Tensor } from "../../ts/tensor/tensor.ts";
import { readGolden, toTensor, type Values } from "../golden/read.ts";
import { expectClose } from "./close.ts";

interface Golden {
  readonly kind: string;
  readonly config: { readonly [option: string]: Json };
  readonly mask: readonly boolean[][] | null;
  readonly input: Values;
  readonly weights: Record<string, Values>;
  readonly output: Values;
  readonly direction: Values;
  readonly gradients: Record<string, Values>;
}

const golden: { readonly layers: readonly Golden[] } = readGolden("windows");

const maskFrom = (mask: readonly boolean[][]): layers.Mask =>
  tensor(mask.flat(), { shape: [mask.length, mask[0].length], dtype: "bool" });

beforeEach(layers.resetLayerNames);

describe("layers agree with Keras", () => {
  it.each(
    golden.layers.map((row) => [`${row.kind} ${JSON.stringify(row.config)}${row.mask ? " masked" : ""}`, row] as const),
  )("%s", (_title, { kind, config, mask, input, weights, output, direction, gradients }) => {
    const layer = layers.fromConfig({ kind, config });
    const x = toTensor(input);
    layer.ensureBuilt(x.shape.slice(1));
    expect(layer.weights.map(({ name, shape }) => [name.split("/")[1], shape])).toEqual(
      Object.entries(weights).map(([name, { shape }]) => [name, shape]),
    );
    Object.values(weights).forEach((values, i) => {
      layer.weights[i].assign(toTensor(values));
    });
    const found = grad(([inputs]: readonly Tensor[]) => {
      const y = layer.apply(mask ? layers.attachMask(inputs, maskFrom(mask)) : inputs);
      expect(y.shape).toEqual(output.shape);
      expectClose(y.data(), output.data);
      return sum(mul(y, toTensor(direction)));
    })([x, ...layer.weights]) as Tensor[];
    Object.values(gradients).forEach(({ shape, data }, i) => {
      expect(found[i].shape).toEqual(shape);
      expectClose(found[i].data(), data, { absolute: 4e-6 });
    });
  });
});

describe("masks", () => {
  const x = tensor(
    Float32Array.from({ length: 12 }, (_, i) => i),
    { shape: [2, 3, 2] },
  );

  it("are left behind where sequences end", () => {
    const masked = layers.attachMask(
      zeros([2, 2, 2]),
      maskFrom([
        [true, false],
        [true, true],
      ]),
    );
    expect(layers.maskOf(layers.globalMaxPooling1d().apply(masked))).toBeUndefined();
    expect(layers.maskOf(layers.globalAveragePooling1d().apply(masked))).toBeUndefined();
  });

  it("that count no step make means of zero", () => {
    const masked = layers.attachMask(
      x,
      maskFrom([
        [false, false, false],
        [false, true, true],
      ]),
    );
    expect([...layers.globalAveragePooling1d().apply(masked).data()]).toEqual([0, 0, 9, 10]);
    expect(layers.globalAveragePooling1d({ keepDims: true }).apply(masked).shape).toEqual([2, 1, 2]);
  });
});

describe("inputs that do not fit are ShapeErrors naming the layer", () => {
  const wrong: [string, () => layers.Layer, Shape][] = [
    [
      "conv1d: inputs must be sequences [batch, time, channels]",
      () => layers.conv1d({ filters: 1, kernelSize: 2 }),
      [4],
    ],
    [
      "conv3d: inputs must be volumes [batch, depth, height, width, channels], got shape [batch, 4, 4, 1]",
      () => layers.conv3d({ filters: 1, kernelSize: 2 }),
      [4, 4, 1],
    ],
    [
      "conv1d_transpose: inputs must have channels in 2 equal groups",
      () => layers.conv1dTranspose({ filters: 2, kernelSize: 2, groups: 2 }),
      [4, 3],
    ],
    ["separable_conv2d: inputs must be images", () => layers.separableConv2d({ filters: 2, kernelSize: 2 }), [4, 3]],
    ["max_pooling1d: inputs must be sequences", () => layers.maxPooling1d(), [4, 4, 1]],
    ["average_pooling3d: a window must fit into the image", () => layers.averagePooling3d(), [4, 1, 4, 1]],
    ["global_max_pooling1d: inputs must be sequences", () => layers.globalMaxPooling1d(), [4]],
    ["adaptive_max_pooling2d: inputs must be images", () => layers.adaptiveMaxPooling2d({ outputSize: 2 }), [4]],
    ["up_sampling3d: inputs must be volumes", () => layers.upSampling3d(), [4]],
    ["zero_padding2d: inputs must be images", () => layers.zeroPadding2d(), [4]],
    ["cropping1d: inputs must be larger than what is cut off, [[1,1]]", () => layers.cropping1d(), [2, 3]],
  ];
  it.each(wrong)("%s", (message, create, shape) => {
    expect(() => create().apply(zeros([2, ...shape]))).toThrow(message);
    layers.resetLayerNames();
    expect(() => create().apply(zeros([2, ...shape]))).toThrow(expect.objectContaining({ name: "ShapeError" }));
  });
});

describe("options that make no sense are ArgumentErrors naming the layer", () => {
  const wrong: [string, () => layers.Layer][] = [
    [
      "conv1d: padding must be valid, same or causal, got full",
      () => layers.conv1d({ filters: 1, kernelSize: 2, padding: "full" as never }),
    ],
    [
      "conv3d: padding must be valid or same, got causal",
      () => layers.conv3d({ filters: 1, kernelSize: 2, padding: "causal" as never }),
    ],
    [
      "conv1d_transpose: padding must be valid or same, got causal",
      () => layers.conv1dTranspose({ filters: 1, kernelSize: 2, padding: "causal" as never }),
    ],
    [
      "conv3d: kernelSize must be one or three whole numbers of at least 1 and less than 2^31, got [2, 2]",
      () => layers.conv3d({ filters: 1, kernelSize: [2, 2] as never }),
    ],
    [
      "conv3d_transpose: filters must be a multiple of groups, got 3 and 2",
      () => layers.conv3dTranspose({ filters: 3, kernelSize: 1, groups: 2 }),
    ],
    ["separable_conv1d: filters must be a whole number", () => layers.separableConv1d({ filters: 0, kernelSize: 1 })],
    ["max_pooling3d: strides must be one or three", () => layers.maxPooling3d({ strides: 0 })],
    ["adaptive_max_pooling1d: outputSize must be", () => layers.adaptiveMaxPooling1d({ outputSize: 0 })],
    ["up_sampling1d: size must be one whole number", () => layers.upSampling1d({ size: 1.5 })],
    [
      "up_sampling2d: interpolation must be nearest or bilinear, got bicubic",
      () => layers.upSampling2d({ interpolation: "bicubic" as never }),
    ],
    ["zero_padding1d: padding must be", () => layers.zeroPadding1d({ padding: -1 })],
    ["zero_padding2d: padding must be", () => layers.zeroPadding2d({ padding: [[1, 2, 3], 1] as never })],
    ["cropping3d: cropping must be", () => layers.cropping3d({ cropping: [1, 1] as never })],
  ];
  it.each(wrong)("%s", (message, create) => {
    expect(create).toThrow(message);
    layers.resetLayerNames();
    expect(create).toThrow(expect.objectContaining({ name: "ArgumentError" }));
  });
});
