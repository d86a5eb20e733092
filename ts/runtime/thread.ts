// The script of a thread, in Node and in browsers: instantiates the core on the shared memory, reports that it is ready, and
// runs launches until told to stop. The build bundles this file into one string; it imports nothing.

interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: number;
  thread: number;
  scratch: number;
  wide: boolean;
}

interface ThreadCore {
  set_scratch(address: number): void;
  set_wide(on: boolean): void;
  work(control: number, thread: number): void;
}

interface Port {
  onmessage: ((event: { data: Start }) => void) | null;
  postMessage(message: unknown): void;
  once?(event: "message", listener: (start: Start) => void): void;
}

interface Globals {
  process?: { getBuiltinModule?(name: string): { parentPort: Port | null } };
}

const READY = 1;
const FAILED = 2;
const LEFT = 3;

function begin({ module, memory, control, thread, scratch, wide }: Start): void {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const core = instance.exports as unknown as ThreadCore;
  core.set_scratch(scratch);
  core.set_wide(wide);
  // The second word of this thread's line in the control block is its state.
  const state = (control + 256 + thread * 64 + 4) >>> 2;
  Atomics.store(new Int32Array(memory.buffer), state, READY);
  try {
    core.work(control, thread);
    Atomics.store(new Int32Array(memory.buffer), state, LEFT);
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), state, FAILED);
    throw error;
  }
}

const parent = (globalThis as Globals).process?.getBuiltinModule?.("node:worker_threads").parentPort;
if (parent?.once) {
  // Without a listener this thread ends by itself; in Deno one that calls process.exit() may spin for ever.
  parent.once("message", begin);
} else {
  const page = globalThis as unknown as Port & { close(): void };
  page.onmessage = (event) => {
    begin(event.data);
    // From now on this thread does not touch the memory.
    page.postMessage("gone");
    page.close();
  };
  // Only now does the page send its memory, so that a thread that it has given up never touches it. The URL exists as long
  // as this thread lives, which a page that gets no events can check.
  page.postMessage(URL.createObjectURL(new Blob()));
}
