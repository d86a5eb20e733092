// Data in JavaScript's memory.
export { ArrayData, type RowRange, type Stored } from "./array.ts";
export type { Data, DataList, Row, Targets } from "./rows.ts";
export type { BatchData, Batched, BatchStream, Part, Parts, Pass, Source } from "./source.ts";
