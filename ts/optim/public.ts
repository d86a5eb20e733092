// Optimizers and learning-rate schedules, in one list.
export * from "../generated/schedules.ts";
export * from "./index.ts";
export { defineSchedule, type NamedSchedule, rateAt, type ScheduleDefinition } from "./schedules.ts";
