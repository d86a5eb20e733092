// Data in JavaScript's memory.
export { ArrayData, type RowRange, type Stored } from "./array.ts";
