// Data in JavaScript's memory, and the data sets.
export { ArrayData, type RowRange } from "./array.ts";
export * from "./datasets.ts";
