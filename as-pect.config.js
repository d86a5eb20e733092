// as-pect runs tests/assembly: kernels alone, in AssemblyScript. All specs make one binary, since most of the time goes
// into compiling as-pect itself.
export default {
  entries: ["tests/assembly/all.ts"],
  include: ["tests/assembly/*.spec.ts"],
  disclude: [/node_modules/],
  reporter: "tests/assembly/reporter.js",
  async instantiate(memory, createImports, instantiate, binary) {
    return instantiate(binary, createImports({ env: { memory } }));
  },
};
