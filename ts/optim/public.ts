// Optimizers and learning-rate schedules, in one list.
export * from "./index.ts";
export * from "./schedules.ts";
