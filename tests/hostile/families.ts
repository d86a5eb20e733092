// The list of families, in the order in which they run.
import type { FamilyEntry } from "./harness/family.ts";

export const families: readonly FamilyEntry[] = [
  {
    name: "programs",
    title:
      "random programs replayed against eager, their gradients and updates, on any number of threads: the same bits",
    patience: 60,
    load: async () => (await import("./families/programs.ts")).programs,
  },
  {
    name: "allocations",
    title: "allocations that fail one by one: memory as before, and the same bits when tried again",
    patience: 60,
    load: async () => (await import("./families/allocations.ts")).allocations,
  },
  {
    name: "calls",
    title: "public functions and layers called with anything: results or Heddle's errors, soon, and canaries alive",
    patience: 30,
    load: async () => (await import("./families/calls.ts")).calls,
  },
  {
    name: "formats",
    title: "mutated safetensors, model and IDX files: right values or a FormatError, and nothing half loaded",
    patience: 30,
    load: async () => (await import("./families/formats.ts")).formats,
  },
  {
    name: "saves",
    title: "processes killed while they save: the file is whole, and the next save sweeps",
    patience: 60,
    load: async () => (await import("./families/saves.ts")).saves,
  },
  {
    name: "aborts",
    title: "fit, evaluate and predict aborted at any moment: memory as before, and the model where it should be",
    patience: 60,
    load: async () => (await import("./families/aborts.ts")).aborts,
  },
  {
    name: "leaks",
    title: "thousands of trainings of tiny models in one process: no buffer stays, and it does not grow",
    patience: 60,
    load: async () => (await import("./families/leaks.ts")).leaks,
  },
  {
    name: "workers",
    title: "threads killed, stopped and starved in the middle of steps: training ends with the bits of one thread",
    patience: 180,
    load: async () => (await import("./families/workers.ts")).workers,
  },
];
