// Says how many kernel tests passed, in one line at the very end; as-pect's own summary shows what failed.
let passed = 0;
let failed = 0;

export default {
  onEnter() {},
  onExit() {},
  onFinish(suite) {
    passed += suite.testPassCount;
    // A suite that could not even begin counts as one failure.
    failed += Math.max(suite.testCount - suite.testPassCount, suite.pass ? 0 : 1);
  },
};

process.on("exit", () => console.log(`\nkernels: ${passed} passed, ${failed} failed`));
