// All ops, public and internal; ts/index.ts chooses what people see.
export * from "./elementwise.ts";
