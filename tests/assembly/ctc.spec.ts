// Connectionist temporal classification: the loss and its gradient, for labels that fit, repeat, are none or are too many.
import * as kernels from "../../assembly/ctc";
import { Buffer, check, f32At, floats, integers, Launch } from "./launch";

const BATCH: i32 = 5;
const TIME: i32 = 7;
const CLASSES: i32 = 4;
const LONGEST: i32 = 3;
/** Floats in a row of states. */
const ROW: i32 = 8 + 8;

function listed(values: StaticArray<i32>): Buffer {
  const buffer = new Buffer(values.length * 4);
  for (let i = 0; i < values.length; i++) store<i32>(buffer.pointer + (i << 2), values[i]);
  return buffer;
}

/** Uneven log-probabilities: they need not sum to one. */
class LossLaunch extends Launch {
  constructor() {
    super();
    this.units = BATCH;
    this.reads(floats(BATCH * TIME * CLASSES, 1, -4, -0.5));
    this.reads(integers(BATCH * LONGEST, 1, CLASSES));
    this.reads(listed([7, 7, 5, 2, 0]));
    this.reads(listed([3, 0, 1, 3, 0]));
    this.writes(BATCH * 4);
    this.writes(BATCH * (TIME + 1) * ROW * 4);
    this.writes(BATCH * 3 * ROW * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.ctc_f32(
      this.y(0), this.y(1), this.y(2), this.x(0), this.x(1), this.x(2), this.x(3),
      TIME, CLASSES, LONGEST, 0, begin, end,
    );
  }
}

class GradientLaunch extends Launch {
  constructor(loss: LossLaunch) {
    super();
    this.units = BATCH;
    loss.run(0, BATCH);
    this.reads(floats(BATCH, 9, 0.5, 2));
    this.reads(loss.outputs[1]);
    for (let i = 0; i < 4; i++) this.reads(loss.inputs[i]);
    this.writes(BATCH * TIME * CLASSES * 4);
    this.writes(BATCH * 5 * ROW * 4);
  }

  run(begin: i32, end: i32): void {
    kernels.ctc_grad_f32(
      this.y(0), this.y(1), this.x(0), this.x(1), this.x(2), this.x(3), this.x(4), this.x(5),
      TIME, CLASSES, LONGEST, 0, begin, end,
    );
  }
}

describe("ctc", () => {
  test("the loss and its gradient", () => {
    expect(check(new LossLaunch())).toBe("");
    expect(check(new GradientLaunch(new LossLaunch()))).toBe("");
  });

  test("without labels, the loss is that of all blanks", () => {
    const launch = new LossLaunch();
    launch.run(0, BATCH);
    let blanks: f32 = 0;
    for (let t = 0; t < TIME; t++) blanks -= f32At(launch.inputs[0], (TIME + t) * CLASSES);
    expect(f32At(launch.outputs[0], 1)).toBeCloseTo(blanks, 4);
    expect(f32At(launch.outputs[0], 4)).toBe(0);
  });

  test("labels that do not fit have an infinite loss and no gradient", () => {
    const loss = new LossLaunch();
    const gradient = new GradientLaunch(loss);
    gradient.run(0, BATCH);
    expect(f32At(loss.outputs[0], 3)).toBe(Infinity);
    for (let i = 0; i < TIME * CLASSES; i++) expect(f32At(gradient.outputs[0], 3 * TIME * CLASSES + i)).toBe(0);
  });

  test("the gradient of a time step sums to -dy, and is 0 behind the last", () => {
    const gradient = new GradientLaunch(new LossLaunch());
    gradient.run(0, BATCH);
    for (let t = 0; t < TIME; t++) {
      let sum: f32 = 0;
      for (let k = 0; k < CLASSES; k++) sum += f32At(gradient.outputs[0], (2 * TIME + t) * CLASSES + k);
      expect(sum).toBeCloseTo(t < 5 ? -f32At(gradient.inputs[0], 2) : 0, 5);
    }
  });

  test("a label that is none makes NaN, and reads nothing beside its row", () => {
    const launch = new LossLaunch();
    store<i32>(launch.x(1), CLASSES);
    launch.run(0, BATCH);
    expect(isNaN(f32At(launch.outputs[0], 0))).toBe(true);
    expect(isNaN(f32At(launch.outputs[0], 1))).toBe(false);
  });
});
