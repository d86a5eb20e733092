// Recurrent layers over whole sequences: long short-term memory, gated recurrent units, the simple recurrence, and
// their gradients. Inputs are already multiplied with their kernel for all time steps; the recurrent kernel is packed
// by matmul_pack_f32. The unit of every kernel is a block of `blockRows` examples (a multiple of 4, at most 128). For
// what the operands hold see simd/recurrence.ts.
import { In, OptionalIn, Out, Scratch } from "./signature";
import { Fma } from "./simd/fma";
import { Binary, Elements } from "./simd/lanes";
import * as math from "./simd/math";
import { Cell, Recurrence, Sequence } from "./simd/recurrence";
import { Run } from "./simd/runs";

@unmanaged
class SigmoidOfSum extends Binary {
  @inline vec(a: v128, b: v128): v128 { return math.Sigmoid.vec(f32x4.add(a, b)); }
}

@unmanaged
class TanhOfSum extends Binary {
  @inline vec(a: v128, b: v128): v128 { return math.Tanh.vec(f32x4.add(a, b)); }
}

@unmanaged
class TimesTanh extends Binary {
  @inline vec(a: v128, b: v128): v128 { return f32x4.mul(a, math.Tanh.vec(b)); }
}

/** Four numbers, or one of them in all lanes: T is v128 or f32. */
class Lane {
  @inline static load<T>(p: usize): v128 { return sizeof<T>() == 16 ? v128.load(p) : v128.load32_splat(p); }
  @inline static store<T>(p: usize, x: v128): void {
    if (sizeof<T>() == 16) v128.store(p, x);
    else v128.store32_lane(p, x, 0);
  }
}

/** Derivatives where the function's value is y. */
class Slope {
  @inline static sigmoid(y: v128): v128 { return f32x4.mul(y, f32x4.sub(math.Constant.at(math.ONE), y)); }
  @inline static tanh(y: v128): v128 {
    const one = math.Constant.at(math.ONE);
    return f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y));
  }
}

/** Gates i, f, g, o: c = f c + i g, h = o tanh(c). */
@unmanaged
class Lstm extends Cell {
  forward(s: Sequence, row: i32, t: i32): void {
    const n = s.units;
    const gates = s.gatesAt(row, t);
    const x = s.projectedAt(row, t);
    Elements.zip<SigmoidOfSum>(gates, gates, x, 0, 2 * n);
    Elements.zip<TanhOfSum>(gates, gates, x, 2 * n, 3 * n);
    Elements.zip<SigmoidOfSum>(gates, gates, x, 3 * n, 4 * n);
    const bytes = <usize>n << 2;
    const c = s.cellsAt(row, t);
    const next = s.cellsAt(row, t + 1);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) Lstm.remember<v128>(next + i, c + i, gates + i, bytes);
    for (; i < bytes; i += 4) Lstm.remember<f32>(next + i, c + i, gates + i, bytes);
    Elements.zip<TimesTanh>(s.statesAt(row, t), gates + 3 * bytes, next, 0, n);
  }

  @inline private static remember<T>(next: usize, c: usize, gates: usize, bytes: usize): void {
    const written = f32x4.mul(Lane.load<T>(gates), Lane.load<T>(gates + 2 * bytes));
    Lane.store<T>(next, Fma.vec(Lane.load<T>(gates + bytes), Lane.load<T>(c), written));
  }

  back(s: Sequence, row: i32, t: i32): void {
    const bytes = <usize>s.units << 2;
    const dx = s.dprojectedAt(row, t);
    const dh = s.dhiddenAt(row);
    const dc = s.dcellAt(row);
    const gates = s.gatesAt(row, t);
    const c = s.cellsAt(row, t);
    const next = s.cellsAt(row, t + 1);
    let i: usize = 0;
    if (bytes >= 16) {
      do {
        Lstm.part<v128>(dx + i, dh + i, dc + i, gates + i, c + i, next + i, bytes);
        i += 16;
      } while (i + 16 <= bytes);
    }
    for (; i < bytes; i += 4) Lstm.part<f32>(dx + i, dh + i, dc + i, gates + i, c + i, next + i, bytes);
    if (s.mask) Run.fill<f32>(s.carryAt(row), 0, s.units);
  }

  @inline private static part<T>(
    dx: usize, dh: usize, dc: usize, gates: usize, c: usize, next: usize, bytes: usize,
  ): void {
    const input = Lane.load<T>(gates);
    const forget = Lane.load<T>(gates + bytes);
    const candidate = Lane.load<T>(gates + 2 * bytes);
    const output = Lane.load<T>(gates + 3 * bytes);
    const shown = math.Tanh.vec(Lane.load<T>(next));
    const dhidden = Lane.load<T>(dh);
    const dcell = Fma.vec(f32x4.mul(dhidden, output), Slope.tanh(shown), Lane.load<T>(dc));
    Lane.store<T>(dc, f32x4.mul(dcell, forget));
    Lane.store<T>(dx, f32x4.mul(f32x4.mul(dcell, candidate), Slope.sigmoid(input)));
    Lane.store<T>(dx + bytes, f32x4.mul(f32x4.mul(dcell, Lane.load<T>(c)), Slope.sigmoid(forget)));
    Lane.store<T>(dx + 2 * bytes, f32x4.mul(f32x4.mul(dcell, input), Slope.tanh(candidate)));
    Lane.store<T>(dx + 3 * bytes, f32x4.mul(f32x4.mul(dhidden, shown), Slope.sigmoid(output)));
  }
}

/**
 * Gates z, r, the recurrent part p of the candidate and the candidate g = tanh(x_g + r p): h = z h + (1 - z) g. The
 * reset gate acts after the product.
 */
@unmanaged
class Gru extends Cell {
  forward(s: Sequence, row: i32, t: i32): void {
    const n = s.units;
    const gates = s.gatesAt(row, t);
    const x = s.projectedAt(row, t);
    Elements.zip<SigmoidOfSum>(gates, gates, x, 0, 2 * n);
    const bytes = <usize>n << 2;
    const candidate = x + 2 * bytes;
    const h = s.previousAt(row, t);
    const y = s.statesAt(row, t);
    let i: usize = 0;
    if (bytes >= 16) {
      do {
        Gru.update<v128>(y + i, h + i, gates + i, candidate + i, bytes);
        i += 16;
      } while (i + 16 <= bytes);
    }
    for (; i < bytes; i += 4) Gru.update<f32>(y + i, h + i, gates + i, candidate + i, bytes);
  }

  @inline private static update<T>(y: usize, h: usize, gates: usize, x: usize, bytes: usize): void {
    const reset = Lane.load<T>(gates + bytes);
    const candidate = math.Tanh.vec(Fma.vec(reset, Lane.load<T>(gates + 2 * bytes), Lane.load<T>(x)));
    Lane.store<T>(gates + 3 * bytes, candidate);
    Lane.store<T>(y, Fma.vec(Lane.load<T>(gates), f32x4.sub(Lane.load<T>(h), candidate), candidate));
  }

  back(s: Sequence, row: i32, t: i32): void {
    const bytes = <usize>s.units << 2;
    const dx = s.dprojectedAt(row, t);
    const dp = s.dproductAt(row, t);
    const dh = s.dhiddenAt(row);
    const carry = s.carryAt(row);
    const gates = s.gatesAt(row, t);
    const h = s.previousAt(row, t);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) Gru.part<v128>(dx + i, dp + i, dh + i, carry + i, gates + i, h + i, bytes);
    for (; i < bytes; i += 4) Gru.part<f32>(dx + i, dp + i, dh + i, carry + i, gates + i, h + i, bytes);
  }

  @inline private static part<T>(
    dx: usize, dp: usize, dh: usize, carry: usize, gates: usize, h: usize, bytes: usize,
  ): void {
    const update = Lane.load<T>(gates);
    const reset = Lane.load<T>(gates + bytes);
    const product = Lane.load<T>(gates + 2 * bytes);
    const candidate = Lane.load<T>(gates + 3 * bytes);
    const dhidden = Lane.load<T>(dh);
    Lane.store<T>(carry, f32x4.mul(dhidden, update));
    const kept = f32x4.sub(math.Constant.at(math.ONE), update);
    const dcandidate = f32x4.mul(f32x4.mul(dhidden, kept), Slope.tanh(candidate));
    const dupdate = f32x4.mul(f32x4.mul(dhidden, f32x4.sub(Lane.load<T>(h), candidate)), Slope.sigmoid(update));
    const dreset = f32x4.mul(f32x4.mul(dcandidate, product), Slope.sigmoid(reset));
    Lane.store<T>(dx, dupdate);
    Lane.store<T>(dx + bytes, dreset);
    Lane.store<T>(dx + 2 * bytes, dcandidate);
    Lane.store<T>(dp, dupdate);
    Lane.store<T>(dp + bytes, dreset);
    Lane.store<T>(dp + 2 * bytes, f32x4.mul(dcandidate, reset));
  }
}

@unmanaged
class TanhGrad extends Binary {
  @inline vec(dy: v128, y: v128): v128 { return f32x4.mul(dy, Slope.tanh(y)); }
}

/** h = tanh(x + product), which is also what `gates` keeps. */
@unmanaged
class Simple extends Cell {
  forward(s: Sequence, row: i32, t: i32): void {
    const gates = s.gatesAt(row, t);
    Elements.zip<TanhOfSum>(gates, gates, s.projectedAt(row, t), 0, s.units);
    Run.copy<f32>(s.statesAt(row, t), gates, s.units);
  }

  back(s: Sequence, row: i32, t: i32): void {
    Elements.zip<TanhGrad>(s.dprojectedAt(row, t), s.dhiddenAt(row), s.gatesAt(row, t), 0, s.units);
    if (s.mask) Run.fill<f32>(s.carryAt(row), 0, s.units);
  }
}

/**
 * The hidden states of `outputs` steps (the last, or all), then the last cell state if `rows` is outputs + 1, over
 * blocks of examples [begin, end). `isKept`: gates, previous and cells hold all steps, for the gradient.
 * @flops 8 * size * size * time * blockRows * units
 */
export function lstm_f32(
  states: Out<f32>, gates: Out<f32>, previous: Out<f32>, cells: Out<f32>, projected: In<f32>, kernel: In<f32>,
  hidden: OptionalIn<f32>, cell: OptionalIn<f32>, mask: OptionalIn<u8>, batch: i32, time: i32, size: i32,
  outputs: i32, rows: i32, isKept: i32, blockRows: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const s = Sequence.at(scratch, states, gates, previous, mask, batch, time, size, 4 * size, outputs, blockRows);
  s.rows = rows;
  s.isKept = isKept;
  s.projected = projected;
  s.hidden = hidden;
  s.cells = cells;
  s.cell = cell;
  Recurrence.forward<Lstm>(s, kernel, 0, scratch, begin, end);
}

/**
 * The gradients of lstm_f32 with respect to projected, hidden (if `isStartWanted`) and cell, given that of its states,
 * over blocks of examples [begin, end). `kernel` is packed transposed; `carry` is working memory.
 * @flops 8 * size * size * time * blockRows * units
 */
export function lstm_grad_f32(
  dprojected: Out<f32>, dhidden: Out<f32>, dcell: Out<f32>, carry: Out<f32>, dstates: In<f32>, gates: In<f32>,
  cells: In<f32>, kernel: In<f32>, mask: OptionalIn<u8>, batch: i32, time: i32, size: i32, outputs: i32, rows: i32,
  isStartWanted: i32, blockRows: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const s = Sequence.at(scratch, dstates, gates, 0, mask, batch, time, size, 4 * size, outputs, blockRows);
  s.rows = rows;
  s.cells = cells;
  s.dprojected = dprojected;
  s.dproduct = dprojected;
  s.dhidden = dhidden;
  s.dcell = dcell;
  s.carry = carry;
  Recurrence.back<Lstm>(s, kernel, isStartWanted != 0, scratch, begin, end);
}

/**
 * The hidden states of `outputs` steps, over blocks of examples [begin, end). `bias` is that of the recurrent product.
 * @flops 6 * size * size * time * blockRows * units
 */
export function gru_f32(
  states: Out<f32>, gates: Out<f32>, previous: Out<f32>, projected: In<f32>, kernel: In<f32>, bias: OptionalIn<f32>,
  hidden: OptionalIn<f32>, mask: OptionalIn<u8>, batch: i32, time: i32, size: i32, outputs: i32, isKept: i32,
  blockRows: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const s = Sequence.at(scratch, states, gates, previous, mask, batch, time, size, 3 * size, outputs, blockRows);
  s.gateColumns = 4 * size;
  s.isKept = isKept;
  s.projected = projected;
  s.hidden = hidden;
  Recurrence.forward<Gru>(s, kernel, bias, scratch, begin, end);
}

/**
 * The gradients of gru_f32 with respect to projected, the recurrent product and hidden, as in lstm_grad_f32.
 * @flops 6 * size * size * time * blockRows * units
 */
export function gru_grad_f32(
  dprojected: Out<f32>, dproduct: Out<f32>, dhidden: Out<f32>, carry: Out<f32>, dstates: In<f32>, gates: In<f32>,
  previous: In<f32>, kernel: In<f32>, mask: OptionalIn<u8>, batch: i32, time: i32, size: i32, outputs: i32,
  isStartWanted: i32, blockRows: i32, scratch: Scratch, begin: i32, end: i32,
): void {
  const s = Sequence.at(scratch, dstates, gates, previous, mask, batch, time, size, 3 * size, outputs, blockRows);
  s.gateColumns = 4 * size;
  s.dprojected = dprojected;
  s.dproduct = dproduct;
  s.dhidden = dhidden;
  s.carry = carry;
  Recurrence.back<Gru>(s, kernel, isStartWanted != 0, scratch, begin, end);
}

/**
 * The hidden states of `outputs` steps, over blocks of examples [begin, end).
 * @flops 2 * size * size * time * blockRows * units
 */
export function simple_rnn_f32(
  states: Out<f32>, gates: Out<f32>, previous: Out<f32>, projected: In<f32>, kernel: In<f32>, hidden: OptionalIn<f32>,
  mask: OptionalIn<u8>, batch: i32, time: i32, size: i32, outputs: i32, isKept: i32, blockRows: i32,
  scratch: Scratch, begin: i32, end: i32,
): void {
  const s = Sequence.at(scratch, states, gates, previous, mask, batch, time, size, size, outputs, blockRows);
  s.isKept = isKept;
  s.projected = projected;
  s.hidden = hidden;
  Recurrence.forward<Simple>(s, kernel, 0, scratch, begin, end);
}

/**
 * The gradients of simple_rnn_f32 with respect to projected and hidden, as in lstm_grad_f32.
 * @flops 2 * size * size * time * blockRows * units
 */
export function simple_rnn_grad_f32(
  dprojected: Out<f32>, dhidden: Out<f32>, carry: Out<f32>, dstates: In<f32>, gates: In<f32>, kernel: In<f32>,
  mask: OptionalIn<u8>, batch: i32, time: i32, size: i32, outputs: i32, isStartWanted: i32, blockRows: i32,
  scratch: Scratch, begin: i32, end: i32,
): void {
  const s = Sequence.at(scratch, dstates, gates, 0, mask, batch, time, size, size, outputs, blockRows);
  s.dprojected = dprojected;
  s.dproduct = dprojected;
  s.dhidden = dhidden;
  s.carry = carry;
  Recurrence.back<Simple>(s, kernel, isStartWanted != 0, scratch, begin, end);
}
