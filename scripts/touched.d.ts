// Types of touched.js, for tests.
export function touched(paths: readonly string[]): {
  related: string[];
  named: string[];
  needsKernels: boolean;
  needsDist: boolean;
};
