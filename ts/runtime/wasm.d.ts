// What package.json's `imports` calls #wasm: the two builds of the core as modules, for edge runtimes.
declare module "#wasm" {
  export const simd: WebAssembly.Module;
  export const relaxed: WebAssembly.Module;
}
