// The whole life of a worker thread, in Node and in browsers: instantiate the core on the shared memory, say so, and
// work until told to stop. The build bundles this file into one string; it imports nothing.

interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: number;
  thread: number;
  scratch: number;
  wide: boolean;
}

interface WorkerCore {
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
  const core = instance.exports as unknown as WorkerCore;
  core.set_scratch(scratch);
  core.set_wide(wide);
  // The second word of this thread's line in the control block says that the thread is there.
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
  // With nothing more to hear this thread ends by itself; in Deno one that calls process.exit() may go on looking for ever.
  parent.once("message", begin);
} else {
  const page = globalThis as unknown as Port & { close(): void };
  page.onmessage = (event) => {
    begin(event.data);
    // From now on the memory is the page's own.
    page.postMessage("gone");
    page.close();
  };
  // Only now does the page hand out its memory: a worker that it has given up never touches it. The address is there as
  // long as this worker lives, which a page that hears nothing can see.
  page.postMessage(URL.createObjectURL(new Blob()));
}
