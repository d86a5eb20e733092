// Runs programs on all threads. Threads take work by tickets, so nobody waits for a thread that never starts; one that
// stops while it holds a ticket is waited for, and the caller can see which (its slot).
//
// A program is a list of groups. A group is a list of launches that one thread runs one after the other over the same
// range. Its chunks are numbered by consecutive tickets; it starts once all tickets below `start` are done. In words:
//   group:  [bytes to next group, first ticket, tickets, start, units, grain, launches, block] then its launches
//   launch: [kernel, bytes to next launch, units, arguments...]
// Within a ticket all launches run over `block` units before the next units are begun; if it is 0, each launch runs
// over all of its own units.

import { dispatch } from "./generated/dispatch";

// The control block, in bytes; each part on its own cache line. ts/runtime/threads.ts writes it.
const EPOCH: usize = 0; // i32: number of the run; threads sleep on it
const PROGRAM: usize = 4;
const TICKETS: usize = 8;
const STOP: usize = 16;
const SPINS: usize = 20; // how often a thread with nothing to do polls before it sleeps
const PROGRAM_END: usize = 24;
const NEXT: usize = 64; // i64: epoch << 32 | next ticket
const DONE: usize = 128; // i32: tickets finished
const SLEEPERS: usize = 192;
const SLOTS: usize = 256; // one line per thread: the ticket it holds, or -1
const SLOT_BYTES: usize = 64;

const GROUP_BYTES: usize = 32;
const PATIENCE: i32 = 4000; // how often the calling thread polls before `walk` reports that nothing moves

/** Runs one launch over units [begin, end) on the calling thread. */
export function run_launch(launch: usize, begin: i32, end: i32): void {
  dispatch(load<i32>(launch), launch + 12, begin, end);
}

function run_ticket(group: usize, ticket: i32): void {
  const block = load<i32>(group, 28);
  if (block == 0) {
    let launch = group + GROUP_BYTES;
    for (let left = load<i32>(group, 24); left > 0; left--) {
      dispatch(load<i32>(launch), launch + 12, 0, load<i32>(launch, 8));
      launch += load<usize>(launch, 4);
    }
    return;
  }
  const grain = load<i32>(group, 20);
  let begin = (ticket - load<i32>(group, 4)) * grain;
  const last = begin + min(grain, load<i32>(group, 16) - begin);
  while (begin < last) {
    const end = begin + min(block, last - begin);
    let launch = group + GROUP_BYTES;
    for (let left = load<i32>(group, 24); left > 0; left--) {
      dispatch(load<i32>(launch), launch + 12, begin, end);
      launch += load<usize>(launch, 4);
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
  // Threads may still be reading the last run. NEXT is stored first and atomically: from then on they can take nothing,
  // whatever mixture of old and new they read below. EPOCH is stored last, when all else is. Atomic
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
  let polls = 0;
  while (polls < patience) {
    const next = atomic.load<i64>(control + NEXT);
    if (<i32>(next >> 32) != epoch) return 0;
    const ticket = <i32>next;
    if (ticket >= tickets) {
      if (thread != 0 || atomic.load<i32>(control + DONE) >= tickets) return 0;
      polls++;
      continue;
    }
    // A ticket is only taken once it may run, so that whoever waits holds nothing. The run may end at any moment and
    // the next one begin; then `group` is invalid, but it is not used before NEXT is read again, and the exchange below
    // fails.
    if (ticket >= load<i32>(group, 4) + load<i32>(group, 8)) {
      group += load<usize>(group);
      if (group >= end) return 0;
      continue;
    }
    if (atomic.load<i32>(control + DONE) < load<i32>(group, 12)) {
      polls++;
      continue;
    }
    if (atomic.cmpxchg<i64>(control + NEXT, next, next + 1) != next) continue;
    atomic.store<i32>(slot, ticket);
    run_ticket(group, ticket);
    // Whoever takes the ticket out of the slot counts it as done: this thread, or the one that took it for ended.
    if (atomic.cmpxchg<i32>(slot, ticket, -1) != ticket) return 0;
    atomic.add<i32>(control + DONE, 1);
    polls = 0;
  }
  return 1;
}

/** The loop of every other thread: sleeps until a run begins, takes part, and returns when told to stop. */
export function work(control: usize, thread: i32): void {
  let epoch = 0;
  const spins = load<i32>(control, SPINS);
  while (atomic.load<i32>(control + STOP) == 0) {
    let polls = 0;
    while (polls < spins && atomic.load<i32>(control + EPOCH) == epoch) polls++;
    if (atomic.load<i32>(control + EPOCH) == epoch) {
      atomic.add<i32>(control + SLEEPERS, 1);
      atomic.wait<i32>(control + EPOCH, epoch, -1);
      atomic.sub<i32>(control + SLEEPERS, 1);
      continue;
    }
    epoch = atomic.load<i32>(control + EPOCH);
    while (walk(control, thread, epoch) != 0) {
      // Nothing to take for a while: yield the core for 50 microseconds.
      atomic.wait<i32>(control + EPOCH, epoch, 50_000);
    }
  }
}
