// Convolutions and their gradients: strides, padding, dilation, groups; small blocks, so that there are many units.
import * as kernels from "../../assembly/conv";
import { matmul_pack_f32 } from "../../assembly/matmul";
import { bitsOf, Buffer, check, f32At, floats, Launch } from "./launch";

function ceil(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

/** All sizes of a convolution of two images with filters of 3 x 2. */
class Sizes {
  readonly batch: i32 = 2;
  readonly tapRows: i32 = 3;
  readonly tapColumns: i32 = 2;
  readonly outHeight: i32;
  readonly outWidth: i32;

  constructor(
    public height: i32, public width: i32, public channels: i32, public outputs: i32, public groups: i32,
    public stride: i32, public padding: i32, public dilation: i32,
  ) {
    this.outHeight = (height + 2 * padding - (this.tapRows - 1) * dilation - 1) / stride + 1;
    this.outWidth = (width + 2 * padding - (this.tapColumns - 1) * dilation - 1) / stride + 1;
  }

  /** Of 16 numbers of what is read, how many are kept: the others are zeros. */
  kept: i32 = 16;

  get image(): i32 {
    return this.batch * this.height * this.width * this.channels;
  }

  get result(): i32 {
    return this.batch * this.outHeight * this.outWidth * this.outputs;
  }

  get filters(): i32 {
    return this.tapRows * this.tapColumns * this.channels / this.groups * this.outputs;
  }
}

/** The same sizes with images and gradients that are zero in most places. */
function sparse(s: Sizes, kept: i32 = 5): Sizes {
  s.kept = kept;
  return s;
}

/** Puts zeros of both signs where a pseudo-random choice does not keep the number. */
function zeroed(x: Buffer, kept: i32): Buffer {
  const choice = floats(x.bytes / 4, 77, 0, 16);
  for (let i = 0; i < x.bytes / 4; i++) {
    if (f32At(choice, i) >= <f32>kept) store<f32>(x.pointer + (i << 2), i % 2 ? -0.0 : 0.0);
  }
  return x;
}

/** Whether two launches write the same bits. */
function agree(a: Launch, b: Launch): bool {
  a.run(0, a.units);
  b.run(0, b.units);
  return memory.compare(a.y(), b.y(), a.outputs[0].bytes) == 0;
}

class ForwardLaunch extends Launch {
  constructor(public s: Sizes, public byLists: bool = false) {
    super();
    const groupOutputs = s.outputs / s.groups;
    const depth = s.tapRows * s.tapColumns * s.channels / s.groups;
    const panels = s.groups * ceil(groupOutputs, 8);
    this.units = s.groups * ceil(s.batch * s.outHeight * s.outWidth, 8) * ceil(groupOutputs, 8);
    this.reads(zeroed(floats(s.image, 1), s.kept));
    this.reads(floats(panels * depth * 8));
    this.reads(floats(s.outputs, 3));
    const filters = floats(s.filters, 2);
    this.reads(filters);
    matmul_pack_f32(
      this.x(1), filters.pointer, groupOutputs, depth, groupOutputs, s.outputs, 1, this.scratch, 0, panels,
    );
    this.writes(s.result * 4);
  }

  run(begin: i32, end: i32): void {
    const s = this.s;
    kernels.conv2d_f32(
      this.y(), this.x(0), this.x(1), this.byLists ? this.x(3) : 0, 0, this.x(2), s.batch, s.height, s.width,
      s.channels, s.outHeight, s.outWidth,
      s.outputs, s.tapRows, s.tapColumns, s.stride, s.stride, s.padding, s.padding, s.dilation, s.dilation, s.groups,
      8, 8, 1, this.scratch, begin, end,
    );
  }
}

class InputPackLaunch extends Launch {
  constructor(public s: Sizes) {
    super();
    this.units = s.groups * ceil(s.channels / s.groups, 8);
    this.reads(floats(s.filters, 2));
    this.writes(this.units * s.tapRows * s.tapColumns * s.outputs / s.groups * 32);
  }

  run(begin: i32, end: i32): void {
    const s = this.s;
    kernels.conv2d_grad_input_pack_f32(
      this.y(), this.x(), s.channels, s.outputs, s.tapRows, s.tapColumns, s.stride, s.stride, s.dilation, s.dilation,
      s.groups, this.scratch, begin, end,
    );
  }
}

class InputGradientLaunch extends Launch {
  constructor(public s: Sizes, public byLists: bool = false) {
    super();
    const pixels = s.batch * ceil(s.height, s.stride) * ceil(s.width, s.stride);
    this.units = s.groups * s.stride * s.stride * ceil(pixels, 8) * ceil(s.channels / s.groups, 8);
    const packed = new InputPackLaunch(s);
    packed.run(0, packed.units);
    this.reads(zeroed(floats(s.result, 1), s.kept));
    this.reads(packed.outputs[0]);
    this.writes(s.image * 4);
    const transposed = floats(s.filters); // [tap, output, channel]
    for (let i = 0; i < s.filters; i++) {
      const tap = i / s.outputs / s.channels;
      const channel = i / s.outputs % s.channels;
      const place = (tap * s.outputs + i % s.outputs) * s.channels + channel;
      store<f32>(transposed.pointer + (place << 2), f32At(packed.inputs[0], i));
    }
    this.reads(transposed);
  }

  run(begin: i32, end: i32): void {
    const s = this.s;
    kernels.conv2d_grad_input_f32(
      this.y(), this.x(0), this.x(1), this.byLists ? this.x(2) : 0, 0, 0, s.batch, s.height, s.width, s.channels,
      s.outHeight, s.outWidth,
      s.outputs, s.tapRows, s.tapColumns, s.stride, s.stride, s.padding, s.padding, s.dilation, s.dilation, s.groups,
      8, 8, 0, this.scratch, begin, end,
    );
  }
}

class FilterGradientLaunch extends Launch {
  constructor(public s: Sizes) {
    super();
    const chunks = ceil(s.batch * s.outHeight * s.outWidth, 16);
    const rows = s.tapRows * s.tapColumns * s.channels / s.groups;
    this.units = chunks * s.groups * ceil(rows, 8) * ceil(s.outputs / s.groups, 8);
    this.reads(floats(s.batch * (s.height + 2 * s.padding) * (s.width + 2 * s.padding) * s.channels, 1));
    this.reads(zeroed(floats(s.result, 2), s.kept));
    this.writes(chunks * s.filters * 4);
  }

  run(begin: i32, end: i32): void {
    const s = this.s;
    kernels.conv2d_grad_filter_f32(
      this.y(), this.x(0), this.x(1), s.batch, s.height + 2 * s.padding, s.width + 2 * s.padding, s.channels,
      s.outHeight, s.outWidth, s.outputs, s.tapRows, s.tapColumns, s.stride, s.stride, s.dilation, s.dilation, s.groups,
      16, 8, 8, this.scratch, begin, end,
    );
  }

  /** Number `at` of a chunk's gradient of one group: the products of its 16 windows, added one after the other. */
  naive(chunk: i32, at: i32): f32 {
    const s = this.s;
    const height = s.height + 2 * s.padding;
    const width = s.width + 2 * s.padding;
    const output = at % s.outputs;
    const channel = at / s.outputs % s.channels;
    const tap = at / s.outputs / s.channels;
    let sum: f32 = 0;
    for (let window = chunk * 16; window < min(chunk * 16 + 16, s.batch * s.outHeight * s.outWidth); window++) {
      const image = window / s.outWidth / s.outHeight;
      const y = window / s.outWidth % s.outHeight * s.stride + tap / s.tapColumns;
      const x = window % s.outWidth * s.stride + tap % s.tapColumns;
      const pixel = f32At(this.inputs[0], ((image * height + y) * width + x) * s.channels + channel);
      sum += pixel * f32At(this.inputs[1], window * s.outputs + output);
    }
    return sum;
  }
}

/** The kernels for few channels, without padding and groups, with outputs in multiples of 8. */
class ShallowLaunch extends Launch {
  constructor(public s: Sizes) {
    super();
    const depth = s.tapRows * s.tapColumns * s.channels;
    this.units = s.batch * s.outHeight;
    this.reads(floats(s.image, 1));
    this.reads(floats(s.outputs * depth));
    this.reads(floats(s.outputs, 3));
    const filters = floats(s.filters, 2);
    matmul_pack_f32(this.x(1), filters.pointer, s.outputs, depth, 0, s.outputs, 1, this.scratch, 0, s.outputs / 8);
    this.writes(s.result * 4);
  }

  run(begin: i32, end: i32): void {
    const s = this.s;
    kernels.conv2d_shallow_f32(
      this.y(), this.x(0), this.x(1), this.x(2), s.height, s.width, s.channels, s.outHeight, s.outWidth,
      s.outputs, s.tapRows, s.tapColumns, s.stride, s.stride, s.dilation, s.dilation, 1, this.scratch, begin, end,
    );
  }
}

class ShallowGradientLaunch extends Launch {
  constructor(public s: Sizes) {
    super();
    this.units = ceil(s.batch * s.outHeight, 3);
    this.reads(floats(s.image, 1));
    this.reads(floats(s.result, 2));
    this.writes(this.units * s.filters * 4);
  }

  run(begin: i32, end: i32): void {
    const s = this.s;
    kernels.conv2d_shallow_grad_filter_f32(
      this.y(), this.x(0), this.x(1), s.batch, s.height, s.width, s.channels, s.outHeight, s.outWidth,
      s.outputs, s.tapRows, s.tapColumns, s.stride, s.stride, s.dilation, s.dilation, 3, this.scratch, begin, end,
    );
  }
}

class SumChunksLaunch extends Launch {
  constructor(count: i32, public chunks: i32) {
    super();
    this.units = count;
    this.reads(floats(count * chunks));
    this.writes(count * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.sum_chunks_f32(this.y(), this.x(), this.units, this.chunks, begin, end);
  }
}

const plain: Sizes[] = [
  new Sizes(7, 6, 3, 5, 1, 1, 0, 1),
  new Sizes(7, 6, 3, 5, 1, 1, 2, 1),
  new Sizes(9, 8, 4, 9, 1, 2, 1, 1),
  new Sizes(9, 8, 9, 4, 1, 3, 1, 1),
  new Sizes(9, 8, 2, 3, 1, 1, 1, 2),
  new Sizes(9, 9, 2, 3, 1, 2, 2, 2),
  new Sizes(6, 7, 6, 4, 2, 1, 1, 1),
  new Sizes(3, 2, 1, 1, 1, 1, 0, 1),
];
/** Zero in most places, and large enough for the kernels to notice. */
const zeros: Sizes[] = [
  sparse(new Sizes(9, 8, 8, 8, 1, 1, 0, 1)),
  sparse(new Sizes(8, 9, 16, 24, 1, 1, 2, 1), 2),
  sparse(new Sizes(7, 8, 8, 40, 1, 1, 1, 1), 8),
  sparse(new Sizes(9, 8, 8, 16, 1, 1, 0, 1), 0),
];
const shallow: Sizes[] = [
  new Sizes(8, 9, 1, 8, 1, 1, 0, 1),
  new Sizes(7, 5, 3, 16, 1, 1, 0, 1),
  new Sizes(9, 12, 2, 8, 1, 2, 0, 1),
  new Sizes(9, 9, 1, 24, 1, 1, 0, 2),
];

describe("conv", () => {
  test("conv2d_f32", () => {
    for (let i = 0; i < plain.length; i++) expect(check(new ForwardLaunch(plain[i]))).toBe("");
  });
  test("conv2d_grad_input_pack_f32 and conv2d_grad_input_f32", () => {
    for (let i = 0; i < plain.length; i++) {
      expect(check(new InputPackLaunch(plain[i]))).toBe("");
      expect(check(new InputGradientLaunch(plain[i]))).toBe("");
    }
  });
  test("conv2d_grad_filter_f32", () => {
    for (let i = 0; i < plain.length; i++) expect(check(new FilterGradientLaunch(plain[i]))).toBe("");
  });
  test("zeros are left out, and change no bit", () => {
    for (let i = 0; i < zeros.length; i++) {
      const s = zeros[i];
      expect(check(new ForwardLaunch(s, true))).toBe("");
      expect(check(new InputGradientLaunch(s, true))).toBe("");
      expect(check(new FilterGradientLaunch(s))).toBe("");
      expect(agree(new ForwardLaunch(s), new ForwardLaunch(s, true))).toBe(true);
      expect(agree(new InputGradientLaunch(s), new InputGradientLaunch(s, true))).toBe(true);
    }
  });
  test("strided windows leave zeros out too", () => {
    const s = sparse(new Sizes(9, 8, 8, 16, 1, 2, 1, 1));
    expect(check(new ForwardLaunch(s, true))).toBe("");
    expect(agree(new ForwardLaunch(s), new ForwardLaunch(s, true))).toBe(true);
    expect(check(new FilterGradientLaunch(s))).toBe("");
  });
  test("the gradient of the filters is summed window by window, with zeros and without", () => {
    const all: Sizes[] = [
      new Sizes(9, 8, 8, 16, 1, 1, 0, 1),
      sparse(new Sizes(9, 8, 8, 16, 1, 1, 1, 1)),
      sparse(new Sizes(9, 8, 8, 16, 1, 2, 1, 1), 3),
    ];
    for (let i = 0; i < all.length; i++) {
      const launch = new FilterGradientLaunch(all[i]);
      launch.run(0, launch.units);
      for (let at = 0; at < all[i].filters; at += 7) {
        expect(bitsOf(f32At(launch.outputs[0], all[i].filters + at))).toBe(bitsOf(launch.naive(1, at)));
      }
    }
  });
  test("conv2d_shallow_f32 and conv2d_shallow_grad_filter_f32", () => {
    for (let i = 0; i < shallow.length; i++) {
      expect(check(new ShallowLaunch(shallow[i]))).toBe("");
      expect(check(new ShallowGradientLaunch(shallow[i]))).toBe("");
    }
  });
  test("sum_chunks_f32", () => {
    for (let n = 0; n < 20; n++) expect(check(new SumChunksLaunch(n, 1 + n % 4))).toBe("");
  });

  test("the shallow kernel computes what the general one does", () => {
    for (let i = 0; i < shallow.length; i++) {
      const general = new ForwardLaunch(shallow[i]);
      const special = new ShallowLaunch(shallow[i]);
      general.run(0, general.units);
      special.run(0, special.units);
      for (let j = 0; j < shallow[i].result; j++) {
        expect(abs(f32At(general.outputs[0], j) - f32At(special.outputs[0], j))).toBeLessThan(1e-4);
      }
    }
  });
});
