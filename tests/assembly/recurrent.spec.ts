// Recurrent layers over whole sequences and their gradients: batches of 11 in blocks of four.
import { matmul_pack_f32 } from "../../assembly/matmul";
import * as kernels from "../../assembly/recurrent";
import { Buffer, bytes, check, f32At, floats, Launch } from "./launch";

const BATCH: i32 = 11;
const BLOCK: i32 = 4;
const LSTM: i32 = 4;
const GRU: i32 = 3;
const SIMPLE: i32 = 1;

/** With `isSet` there are initial states, a mask, a bias, outputs of all steps, and steps that are kept. */
class RecurrentLaunch extends Launch {
  readonly columns: i32;
  readonly shown: i32;
  readonly rows: i32;

  /** `gates` also says which layer: the columns of its kernel are as many times `size`. */
  constructor(public gates: i32, public time: i32, public size: i32, public isSet: bool, public isBack: bool) {
    super();
    this.units = (BATCH + BLOCK - 1) / BLOCK;
    this.columns = gates * size;
    this.shown = isSet ? time : 1;
    this.rows = this.shown + (isSet && gates == LSTM ? 1 : 0);
    const kept = gates == SIMPLE ? size : 4 * size;
    if (!isBack) {
      this.reads(floats(BATCH * time * this.columns, 1));
      this.reads(packed(size, this.columns));
      this.reads(floats(BATCH * size, 2));
      this.reads(floats(BATCH * size, 3));
      this.reads(bytes(BATCH * time, 2));
      this.reads(floats(this.columns, 4));
      const steps = isSet ? time : 1;
      this.writes(BATCH * this.rows * size * 4);
      this.writes(BATCH * steps * kept * 4);
      this.writes(BATCH * steps * size * 4);
      if (gates == LSTM) this.writes(BATCH * (isSet ? time + 1 : 1) * size * 4);
    } else {
      this.reads(floats(BATCH * this.rows * size, 1));
      this.reads(floats(BATCH * time * kept, 2, 0, 1));
      this.reads(floats(BATCH * (time + 1) * size, 3, -1, 1));
      this.reads(packed(this.columns, size));
      this.reads(bytes(BATCH * time, 2));
      this.writes(BATCH * time * this.columns * 4);
      for (let i = 0; i < (gates == SIMPLE ? 2 : 3); i++) {
        this.writes(BATCH * (gates == GRU && i == 0 ? time * this.columns : size) * 4);
      }
    }
  }

  run(begin: i32, end: i32): void {
    if (this.isBack) this.runBack(begin, end);
    else this.runForward(begin, end);
  }

  private runForward(begin: i32, end: i32): void {
    const x = this.x(0);
    const kernel = this.x(1);
    const h: usize = this.isSet ? this.x(2) : 0;
    const c: usize = this.isSet ? this.x(3) : 0;
    const mask: usize = this.isSet ? this.x(4) : 0;
    const bias: usize = this.isSet ? this.x(5) : 0;
    const t = this.time;
    const n = this.size;
    const set: i32 = this.isSet ? 1 : 0;
    if (this.gates == LSTM) {
      kernels.lstm_f32(
        this.y(0), this.y(1), this.y(2), this.y(3), x, kernel, h, c, mask, BATCH, t, n, this.shown, this.rows, set,
        BLOCK, this.scratch, begin, end,
      );
    } else if (this.gates == GRU) {
      kernels.gru_f32(
        this.y(0), this.y(1), this.y(2), x, kernel, bias, h, mask, BATCH, t, n, this.shown, set, BLOCK, this.scratch,
        begin, end,
      );
    } else {
      kernels.simple_rnn_f32(
        this.y(0), this.y(1), this.y(2), x, kernel, h, mask, BATCH, t, n, this.shown, set, BLOCK, this.scratch,
        begin, end,
      );
    }
  }

  private runBack(begin: i32, end: i32): void {
    const dy = this.x(0);
    const gates = this.x(1);
    const states = this.x(2);
    const kernel = this.x(3);
    const mask: usize = this.isSet ? this.x(4) : 0;
    const t = this.time;
    const n = this.size;
    const set: i32 = this.isSet ? 1 : 0;
    if (this.gates == LSTM) {
      kernels.lstm_grad_f32(
        this.y(0), this.y(1), this.y(2), this.y(3), dy, gates, states, kernel, mask, BATCH, t, n, this.shown,
        this.rows, set, BLOCK, this.scratch, begin, end,
      );
    } else if (this.gates == GRU) {
      kernels.gru_grad_f32(
        this.y(0), this.y(1), this.y(2), this.y(3), dy, gates, states, kernel, mask, BATCH, t, n, this.shown, set,
        BLOCK, this.scratch, begin, end,
      );
    } else {
      kernels.simple_rnn_grad_f32(
        this.y(0), this.y(1), this.y(2), dy, gates, kernel, mask, BATCH, t, n, this.shown, set, BLOCK, this.scratch,
        begin, end,
      );
    }
  }
}

/** A kernel [depth, columns], packed. */
function packed(depth: i32, columns: i32): Buffer {
  const kernel = floats(depth * columns, 9, -0.5, 0.5);
  const panels = (columns + 7) / 8;
  const buffer = new Buffer(panels * depth * 32);
  matmul_pack_f32(buffer.pointer, kernel.pointer, columns, depth, 0, columns, 1, scratch.pointer, 0, panels);
  return buffer;
}

const scratch = new Buffer(512 * 1024);

function sigmoid(x: f32): f32 {
  return <f32>(1 / (1 + Math.exp(-(<f64>x))));
}

describe("recurrent layers", () => {
  test("each block of examples by itself", () => {
    const layers: StaticArray<i32> = [LSTM, GRU, SIMPLE];
    for (let i = 0; i < layers.length; i++) {
      for (let size = 1; size < 14; size += size < 5 ? 1 : 4) {
        for (let way = 0; way < 4; way++) {
          expect(check(new RecurrentLaunch(layers[i], 3, size, (way & 1) == 1, (way & 2) == 2))).toBe("");
        }
      }
    }
  });

  test("one step of long short-term memory", () => {
    const launch = new RecurrentLaunch(LSTM, 1, 3, false, false);
    launch.run(0, launch.units);
    // From zeros the product adds nothing: c = i g and h = o tanh(c).
    for (let row = 0; row < BATCH; row++) {
      for (let j = 0; j < 3; j++) {
        const x = row * 12 + j;
        const input = sigmoid(f32At(launch.inputs[0], x));
        const cell = input * <f32>Math.tanh(f32At(launch.inputs[0], x + 6));
        const output = sigmoid(f32At(launch.inputs[0], x + 9));
        expect(f32At(launch.outputs[0], row * 3 + j)).toBeCloseTo(output * <f32>Math.tanh(cell), 5);
      }
    }
  });

  test("a masked step changes nothing", () => {
    const launch = new RecurrentLaunch(GRU, 2, 5, true, false);
    launch.run(0, launch.units);
    for (let row = 0; row < BATCH; row++) {
      for (let t = 0; t < 2; t++) {
        if (load<u8>(launch.inputs[4].pointer + row * 2 + t) != 0) continue;
        for (let j = 0; j < 5; j++) {
          const y = (row * 2 + t) * 5 + j;
          const before = t == 0 ? f32At(launch.inputs[2], row * 5 + j) : f32At(launch.outputs[0], y - 5);
          expect(f32At(launch.outputs[0], y)).toBe(before);
        }
      }
    }
  });
});
