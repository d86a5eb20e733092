// The loops of recurrent layers. The examples of a batch are independent, so one thread runs all time steps of a
// block of examples, without synchronization. The products and the carried state are here; the formulas are those of a
// cell, a compile-time parameter.
import { Matrix, multiply, PRODUCT_BYTES, Right } from "./gemm";
import { isNear, multiplyMatrix } from "./gemm-matrix";
import { Run } from "./runs";

/** What one time step of one example computes. */
@unmanaged
export abstract class Cell {
  /** Makes the hidden state, at `statesAt`, and the cell state from the product at `gates` and the projected inputs. */
  abstract forward(s: Sequence, row: i32, t: i32): void;
  /** Makes the gradients of the projected inputs and of the product from `dhidden`, and what goes on to step t - 1. */
  abstract back(s: Sequence, row: i32, t: i32): void;
}

/**
 * Sequences of `batch` examples and where their numbers lie, all with the batch as first axis and dense:
 * projected [batch, time, columns] what the inputs contribute to the gates; `columns` is a multiple of `units`
 * states    [batch, rows, units] the hidden states of all steps or of the last one, and after them the last cell state
 *           if `rows` has room for it
 * gates     [batch, steps, gateColumns] the gates; `steps` is `time` where a gradient will be taken, or 1
 * previous  [batch, steps, units] the hidden states before each step
 * cells     [batch, steps + 1, units] the cell states before each step and after the last; one where steps are not kept
 */
@unmanaged
export class Sequence {
  batch: i32;
  time: i32;
  units: i32;
  columns: i32;
  gateColumns: i32;
  isKept: i32;
  outputs: i32; // 1 or time
  rows: i32;
  blockRows: i32; // a multiple of 4, at most BLOCK_ROWS
  projected: usize;
  states: usize;
  gates: usize;
  previous: usize;
  cells: usize; // 0 for cells without a cell state
  mask: usize; // [batch, time], 0 where a step leaves an example as it is; 0 if there is no mask
  hidden: usize; // [batch, units] before the first step, 0 for zeros
  cell: usize; // likewise
  // In the gradient `states` is its gradient, and there are:
  dprojected: usize; // [batch, time, columns]
  dproduct: usize; // [batch, time, columns], may be dprojected
  dhidden: usize; // [batch, units] of the current step; in the end those of `hidden`
  dcell: usize; // [batch, units], in the end those of `cell`
  carry: usize; // [batch, units], the gradient that bypasses the product to the previous hidden state

  /** In scratch memory, beyond what `multiply` needs. What is not given is 0, or what is most common. */
  static at(
    scratch: usize, states: usize, gates: usize, previous: usize, mask: usize,
    batch: i32, time: i32, units: i32, columns: i32, outputs: i32, blockRows: i32,
  ): Sequence {
    const s = changetype<Sequence>(scratch + PRODUCT_BYTES);
    memory.fill(changetype<usize>(s), 0, offsetof<Sequence>());
    s.states = states;
    s.gates = gates;
    s.previous = previous;
    s.mask = mask;
    s.batch = batch;
    s.time = time;
    s.units = units;
    s.columns = columns;
    s.gateColumns = columns;
    s.outputs = outputs;
    s.rows = outputs;
    s.isKept = 1;
    s.blockRows = blockRows;
    return s;
  }

  @inline projectedAt(row: i32, t: i32): usize { return this.projected + this.columnsBefore(row, t); }
  @inline dprojectedAt(row: i32, t: i32): usize { return this.dprojected + this.columnsBefore(row, t); }
  @inline dproductAt(row: i32, t: i32): usize { return this.dproduct + this.columnsBefore(row, t); }
  @inline private columnsBefore(row: i32, t: i32): usize { return <usize>((row * this.time + t) * this.columns) << 2; }

  @inline gatesAt(row: i32, t: i32): usize {
    return this.gates + (<usize>(this.kept(row, t, this.time) * this.gateColumns) << 2);
  }

  @inline previousAt(row: i32, t: i32): usize { return this.previous + this.unitsBefore(this.kept(row, t, this.time)); }
  @inline cellsAt(row: i32, t: i32): usize { return this.cells + this.unitsBefore(this.kept(row, t, this.time + 1)); }
  /** Rows before that of step t of an example, which has `steps` of them, or one where steps are not kept. */
  @inline private kept(row: i32, t: i32, steps: i32): i32 { return this.isKept ? row * steps + t : row; }

  @inline statesAt(row: i32, t: i32): usize {
    return this.states + this.unitsBefore(row * this.rows + (this.outputs == 1 ? 0 : t));
  }

  @inline lastCellAt(row: i32): usize { return this.states + this.unitsBefore(row * this.rows + this.outputs); }
  @inline dhiddenAt(row: i32): usize { return this.dhidden + this.unitsBefore(row); }
  @inline dcellAt(row: i32): usize { return this.dcell + this.unitsBefore(row); }
  @inline carryAt(row: i32): usize { return this.carry + this.unitsBefore(row); }
  @inline unitsBefore(rows: i32): usize { return <usize>(rows * this.units) << 2; }

  @inline isMasked(row: i32, t: i32): bool {
    return this.mask != 0 && load<u8>(this.mask + <usize>(row * this.time + t)) == 0;
  }
}

/** Initial values: the row of `x`, or zeros if there is none. */
function begin(y: usize, x: usize, row: i32, s: Sequence): void {
  if (x) Run.copy<f32>(y, x + s.unitsBefore(row), s.units);
  else Run.fill<f32>(y, 0, s.units);
}

/** left right + bias for the examples [first, last), as matmul_f32 computes it. */
function product(left: Matrix, right: Right, bias: usize, first: i32, last: i32, scratch: usize): void {
  const columns = right.columns;
  if (isNear(right, last - first, columns)) {
    multiplyMatrix(left, right, bias, f32.NEGATIVE_INFINITY, first, last, 0, columns, scratch);
  } else {
    multiply<Matrix>(left, right, bias, f32.NEGATIVE_INFINITY, first, last, 0, columns, scratch);
  }
}

/** One step of the examples [first, last), their products at `gates`. */
function stepForward<C extends Cell>(s: Sequence, t: i32, first: i32, last: i32): void {
  const n = s.units;
  for (let row = first; row < last; row++) {
    const y = s.statesAt(row, t);
    if (!s.isMasked(row, t)) {
      changetype<C>(<usize>0).forward(s, row, t);
    } else {
      Run.copy<f32>(y, s.previousAt(row, t), n);
      if (s.cells) Run.copy<f32>(s.cellsAt(row, t + 1), s.cellsAt(row, t), n);
    }
    if (t + 1 < s.time) Run.copy<f32>(s.previousAt(row, t + 1), y, n);
  }
}

/** One step back of the examples [first, last). */
function stepBack<C extends Cell>(s: Sequence, t: i32, first: i32, last: i32): void {
  const n = s.units;
  for (let row = first; row < last; row++) {
    const dh = s.dhiddenAt(row);
    Run.add(dh, s.carryAt(row), n);
    if (s.outputs == s.time || t + 1 == s.time) Run.add(dh, s.statesAt(row, t), n);
    if (!s.isMasked(row, t)) {
      changetype<C>(<usize>0).back(s, row, t);
    } else {
      Run.copy<f32>(s.carryAt(row), dh, n);
      Run.fill<f32>(s.dprojectedAt(row, t), 0, s.columns);
      if (s.dproduct != s.dprojected) Run.fill<f32>(s.dproductAt(row, t), 0, s.columns);
    }
  }
}

/** Sequences, forwards and back, over blocks of `blockRows` examples. */
export class Recurrence {
  /** `kernel` is packed, [units, columns]; `bias`, [columns] or 0, is added to its products. */
  static forward<C extends Cell>(s: Sequence, kernel: usize, bias: usize, scratch: usize, from: i32, to: i32): void {
    const n = s.units;
    const columns = s.columns;
    const right = Right.at(scratch, kernel, n, columns, 0, 0);
    for (let block = from; block < to; block++) {
      const first = block * s.blockRows;
      const last = min(first + s.blockRows, s.batch);
      for (let row = first; row < last; row++) {
        begin(s.previousAt(row, 0), s.hidden, row, s);
        if (s.cells) begin(s.cellsAt(row, 0), s.cell, row, s);
        if (s.hidden) continue;
        if (bias) Run.copy<f32>(s.gatesAt(row, 0), bias, columns);
        else Run.fill<f32>(s.gatesAt(row, 0), 0, columns);
      }
      const steps = s.isKept ? s.time : 1;
      for (let t = 0; t < s.time; t++) {
        if (t > 0 || s.hidden) {
          const left = Matrix.at(
            scratch, s.previousAt(0, t), s.batch, steps * n, 1, s.gatesAt(0, t), steps * s.gateColumns,
          );
          product(left, right, bias, first, last, scratch);
        }
        stepForward<C>(s, t, first, last);
      }
      if (s.rows == s.outputs) continue;
      for (let row = first; row < last; row++) {
        Run.copy<f32>(s.lastCellAt(row), s.cellsAt(row, s.time), n);
      }
    }
  }

  /** `kernel` is packed transposed, [columns, units]; `isStartWanted`: whether dhidden shall be that of `hidden`. */
  static back<C extends Cell>(
    s: Sequence, kernel: usize, isStartWanted: bool, scratch: usize, from: i32, to: i32,
  ): void {
    const n = s.units;
    const right = Right.at(scratch, kernel, s.columns, n, 0, 0);
    const step = s.time * s.columns;
    for (let block = from; block < to; block++) {
      const first = block * s.blockRows;
      const last = min(first + s.blockRows, s.batch);
      for (let row = first; row < last; row++) {
        Run.fill<f32>(s.dhiddenAt(row), 0, n);
        Run.fill<f32>(s.carryAt(row), 0, n);
        if (!s.cells) continue;
        if (s.rows > s.outputs) Run.copy<f32>(s.dcellAt(row), s.lastCellAt(row), n);
        else Run.fill<f32>(s.dcellAt(row), 0, n);
      }
      for (let t = s.time - 1; t >= 0; t--) {
        stepBack<C>(s, t, first, last);
        if (t == 0 && !isStartWanted) continue;
        const left = Matrix.at(scratch, s.dproductAt(0, t), s.batch, step, 1, s.dhidden, n);
        product(left, right, 0, first, last, scratch);
      }
      if (!isStartWanted) continue;
      for (let row = first; row < last; row++) Run.add(s.dhiddenAt(row), s.carryAt(row), n);
    }
  }
}
