// Which tests a change touches: those that import a file, and those that no import leads to.

/** Tests that read files, run programs or look at dist/, by what they are of. */
const readers = [
  [/^(README\.md|docs\/)/, ["tests/readme.test.ts", "tests/package"]],
  [
    /^(package\.json|tsconfig.*\.json|ts\/index\.ts|ts\/separate\.ts|scripts\/(build|bundle|entries|package-fields|exact|pure-calls)\.js)$/,
    ["tests/package", "tests/bundle.test.ts"],
  ],
  [/^tests\/package\//, ["tests/package"]],
  [/^examples\//, ["tests/examples"]],
  // Kernels come into ts/ by the build, which no import tells of.
  [/^assembly\/(?!packing\/)/, ["tests/ops", "tests/runtime"]],
  [/^(assembly\/packing\/|scripts\/pack\.js)/, ["tests/runtime/unpack.test.ts"]],
  [/^tests\/golden\//, ["golden", "special"]],
];

/** Tests that look at dist/. */
const ofDist = /^tests\/(package|readme\.test\.ts|bundle\.test\.ts)/;

/**
 * What runs after a change of files: `related`, files whose importers are to run; `named`, tests by their paths; whether the
 * kernels' own tests run, and whether dist/ must be there.
 */
export function touched(paths) {
  const named = [
    ...new Set(readers.flatMap(([pattern, tests]) => (paths.some((path) => pattern.test(path)) ? tests : []))),
  ];
  return {
    related: paths.filter(
      (path) =>
        /^(ts|tests|studio|bench|scripts)\/.*\.[tj]s$/.test(path) &&
        !/^tests\/(everywhere|assembly\/.*spec)/.test(path),
    ),
    named,
    needsKernels: paths.some((path) => /^(assembly|tests\/assembly)\//.test(path)),
    needsDist: named.some((test) => ofDist.test(test)),
  };
}
