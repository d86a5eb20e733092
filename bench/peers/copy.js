// What the machine's memory can do: a copy of 32 MiB, read once and written once.
import { serve } from "./serve.js";

const BYTES = 32 * 1024 * 1024;

await serve({
  version: "memory copy",
  tasks: {
    bandwidth() {
      const from = new Uint8Array(BYTES).fill(1);
      const to = new Uint8Array(BYTES);
      return { amountPerStep: 2 * BYTES, step: () => to.set(from), check: () => to[BYTES - 1] };
    },
  },
});
