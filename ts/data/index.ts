// Data in JavaScript's memory, and the data sets.
export { ArrayData, type RowRange, type Stored } from "./array.ts";
export * from "./datasets.ts";
