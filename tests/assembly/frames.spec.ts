// Windows of frames put back: strides, dilations and zeros around the volume.
import { overlap_frames_f32 } from "../../assembly/frames";
import { check, f32At, floats, Launch } from "./launch";

class OverlapLaunch extends Launch {
  constructor(
    public size: i32, public windows: i32, public pixels: i32, public channels: i32, public taps: i32,
    public stride: i32, public dilation: i32, public before: i32,
  ) {
    super();
    this.units = 2 * size;
    this.reads(floats(2 * windows * pixels * taps * channels));
    this.writes(2 * size * pixels * channels * 4);
  }

  run(begin: i32, end: i32): void {
    overlap_frames_f32(
      this.y(), this.x(), this.size, this.windows, this.pixels, this.channels, this.taps, this.stride, this.dilation,
      this.before, begin, end,
    );
  }

  /** One number of the result, from the definition. */
  expected(image: i32, place: i32, pixel: i32, channel: i32): f32 {
    let sum: f32 = 0;
    for (let t = 0; t < this.taps; t++) {
      for (let i = 0; i < this.windows; i++) {
        if (i * this.stride + t * this.dilation - this.before != place) continue;
        const at = (((image * this.windows + i) * this.pixels + pixel) * this.taps + t) * this.channels + channel;
        sum += f32At(this.inputs[0], at);
      }
    }
    return sum;
  }

  /** The first number that differs from the definition, or -1. */
  wrong(): i32 {
    this.run(0, this.units);
    let at = 0;
    for (let unit = 0; unit < this.units; unit++) {
      for (let pixel = 0; pixel < this.pixels; pixel++) {
        for (let channel = 0; channel < this.channels; channel++, at++) {
          const expected = this.expected(unit / this.size, unit % this.size, pixel, channel);
          if (f32At(this.outputs[0], at) != expected) return at;
        }
      }
    }
    return -1;
  }
}

describe("overlap_frames_f32", () => {
  test("adds up what each window holds of a frame", () => {
    for (let channels = 1; channels < 10; channels++) {
      expect(new OverlapLaunch(6, 4, 3, channels, 3, 1, 1, 0).wrong()).toBe(-1);
      expect(new OverlapLaunch(6, 6, 2, channels, 3, 1, 1, 1).wrong()).toBe(-1);
    }
    expect(new OverlapLaunch(7, 4, 2, 5, 3, 2, 1, 1).wrong()).toBe(-1);
    expect(new OverlapLaunch(9, 2, 2, 5, 2, 3, 2, 0).wrong()).toBe(-1);
    expect(new OverlapLaunch(5, 5, 1, 33, 3, 1, 2, 2).wrong()).toBe(-1);
  });

  test("has the same bits for any cut", () => {
    expect(check(new OverlapLaunch(6, 6, 3, 5, 3, 1, 1, 1))).toBe("");
    expect(check(new OverlapLaunch(7, 4, 2, 4, 3, 2, 1, 1))).toBe("");
  });
});
