// Walks programs: the same rows on every thread. Work is handed out by tickets, so a thread that never comes is never
// waited for; only one that stops while it holds a ticket is, and the caller can see which (its slot).
//
// A program is a list of groups. A group is rows that one thread runs one after the other over the same range, its
// chunks are numbered by consecutive tickets; it starts once all tickets below `start` are done. Layout, in words:
//   group: [bytes to next group, first ticket, tickets, start, units, grain, rows, 0] then its rows
//   row:   [kernel, bytes to next row, units, arguments...]
// A group of one ticket runs each row over all of that row's own units.

import { dispatch } from "./generated/dispatch";

// The control block, in bytes; each part on its own cache line. ts/runtime/threads.ts writes it.
const EPOCH: usize = 0; // i32: number of the run, workers sleep on it
const PROGRAM: usize = 4;
const TICKETS: usize = 8;
const STOP: usize = 16;
const SPINS: usize = 20; // how often a worker with nothing to do looks before it sleeps
const PROGRAM_END: usize = 24;
const NEXT: usize = 64; // i64: epoch << 32 | next ticket
const DONE: usize = 128; // i32: tickets finished
const SLEEPERS: usize = 192;
const SLOTS: usize = 256; // one line per thread: the ticket it holds, or -1
const SLOT_BYTES: usize = 64;

const GROUP_BYTES: usize = 32;
const PATIENCE: i32 = 4000; // how often the calling thread looks before `walk` reports that nothing moves

/** Runs one row over units [begin, end) on the calling thread. */
export function run_row(row: usize, begin: i32, end: i32): void {
  dispatch(load<i32>(row), row + 12, begin, end);
}

function run_ticket(group: usize, ticket: i32): void {
  const block = load<i32>(group, 28);
  if (block == 0) {
    let row = group + GROUP_BYTES;
    for (let rows = load<i32>(group, 24); rows > 0; rows--) {
      dispatch(load<i32>(row), row + 12, 0, load<i32>(row, 8));
      row += load<usize>(row, 4);
    }
    return;
  }
  const grain = load<i32>(group, 20);
  let begin = (ticket - load<i32>(group, 4)) * grain;
  const last = begin + min(grain, load<i32>(group, 16) - begin);
  while (begin < last) {
    const end = begin + min(block, last - begin);
    let row = group + GROUP_BYTES;
    for (let rows = load<i32>(group, 24); rows > 0; rows--) {
      dispatch(load<i32>(row), row + 12, begin, end);
      row += load<usize>(row, 4);
    }
    begin = end;
  }
}

/** Runs the groups at [program, end) on the calling thread. */
export function run_alone(program: usize, end: usize): void {
  for (let group = program; group < end; group += load<usize>(group)) {
    const first = load<i32>(group, 4);
    const tickets = load<i32>(group, 8);
    for (let ticket = first; ticket < first + tickets; ticket++) run_ticket(group, ticket);
  }
}

/** Runs one group's ticket again for a thread that ended while it held it. */
export function redo(control: usize, ticket: i32): void {
  let group = load<usize>(control, PROGRAM);
  while (ticket >= load<i32>(group, 4) + load<i32>(group, 8)) group += load<usize>(group);
  run_ticket(group, ticket);
  atomic.add<i32>(control + DONE, 1);
}

/** Begins a run of the groups at [program, end) and takes part as thread 0; returns what `walk` does. */
export function run(control: usize, epoch: i32, program: usize, end: usize, tickets: i32): i32 {
  // Threads may still be looking at the last run. Its number goes first and in one piece: from then on they can take
  // nothing, whatever mixture of old and new they read below. The new number is told last, when all is in place. Atomic
  // stores keep their order on every machine.
  atomic.store<i64>(control + NEXT, <i64>epoch << 32);
  atomic.store<usize>(control + PROGRAM, program);
  atomic.store<usize>(control + PROGRAM_END, end);
  atomic.store<i32>(control + TICKETS, tickets);
  atomic.store<i32>(control + DONE, 0);
  atomic.store<i32>(control + EPOCH, epoch);
  if (atomic.load<i32>(control + SLEEPERS) > 0) atomic.notify(control + EPOCH, -1);
  return walk(control, 0, epoch);
}

/** Takes and runs tickets of the current run: 0 when the run is over, 1 when nothing could be taken for a while. */
export function walk(control: usize, thread: i32, epoch: i32): i32 {
  const tickets = load<i32>(control, TICKETS);
  const slot = control + SLOTS + <usize>thread * SLOT_BYTES;
  const end = load<usize>(control, PROGRAM_END);
  let group = load<usize>(control, PROGRAM);
  const patience = thread == 0 ? PATIENCE : load<i32>(control, SPINS);
  let looks = 0;
  while (looks < patience) {
    const next = atomic.load<i64>(control + NEXT);
    if (<i32>(next >> 32) != epoch) return 0;
    const ticket = <i32>next;
    if (ticket >= tickets) {
      if (thread != 0 || atomic.load<i32>(control + DONE) >= tickets) return 0;
      looks++;
      continue;
    }
    // A ticket is only taken once it may run, so that whoever waits holds nothing. The run may end at any moment and
    // the next one begin; then `group` is nonsense, but it is not followed before NEXT was looked at again, and the
    // exchange below fails.
    if (ticket >= load<i32>(group, 4) + load<i32>(group, 8)) {
      group += load<usize>(group);
      if (group >= end) return 0;
      continue;
    }
    if (atomic.load<i32>(control + DONE) < load<i32>(group, 12)) {
      looks++;
      continue;
    }
    if (atomic.cmpxchg<i64>(control + NEXT, next, next + 1) != next) continue;
    atomic.store<i32>(slot, ticket);
    run_ticket(group, ticket);
    // Whoever takes the ticket out of the slot counts it as done: this thread, or the one that gave this thread up.
    if (atomic.cmpxchg<i32>(slot, ticket, -1) != ticket) return 0;
    atomic.add<i32>(control + DONE, 1);
    looks = 0;
  }
  return 1;
}

/** The life of a worker: sleeps until a run begins, helps with it, and returns when told to stop. */
export function work(control: usize, thread: i32): void {
  let epoch = 0;
  const spins = load<i32>(control, SPINS);
  while (atomic.load<i32>(control + STOP) == 0) {
    let looks = 0;
    while (looks < spins && atomic.load<i32>(control + EPOCH) == epoch) looks++;
    if (atomic.load<i32>(control + EPOCH) == epoch) {
      atomic.add<i32>(control + SLEEPERS, 1);
      atomic.wait<i32>(control + EPOCH, epoch, -1);
      atomic.sub<i32>(control + SLEEPERS, 1);
      continue;
    }
    epoch = atomic.load<i32>(control + EPOCH);
    while (walk(control, thread, epoch) != 0) {
      // Nothing to take for a while: give the core away for 50 microseconds.
      atomic.wait<i32>(control + EPOCH, epoch, 50_000);
    }
  }
}
