// All ops, public and internal; ts/index.ts chooses what people see.
export * from "./attention.ts";
export * from "./binary.ts";
export * from "./compare.ts";
export * from "./conv.ts";
export * from "./depthwise.ts";
export * from "./elementwise.ts";
export * from "./gather.ts";
export * from "./layout.ts";
export * from "./matmul.ts";
export * from "./norm.ts";
export * from "./pool.ts";
export * from "./random.ts";
export * from "./reduce.ts";
export * from "./softmax.ts";
