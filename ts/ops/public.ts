// The ops that people see: what the files of this folder export without marking it as internal. The build lists it.
export * from "../generated/ops.ts";
