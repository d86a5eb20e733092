// Static checks: types, lint, format, import order, the project's rules, the package. One line for each check, then its
// findings; fails if there are any. `--quick` leaves out what needs dist/ and the API docs.
import { checkDocumentation } from "./check/documentation.js";
import { checkCycles, checkImports } from "./check/imports.js";
import { checkAttw, checkContents, checkEntries, checkPublint, checkWeights } from "./check/package.js";
import { checkKernels, checkMarkers, checkNames, checkOpenings, checkSizes, checkWidths } from "./check/rules.js";
import { checkBiome, checkDocs, checkTypes } from "./check/tools.js";

process.chdir(new URL("..", import.meta.url).pathname);

/** Each returns its findings, as `file:line: what must hold`. */
const checks = {
  "types of ts, tests, examples, studio, bench": () => checkTypes("tsconfig.json"),
  "types of assembly": () => checkTypes("assembly/tsconfig.json"),
  "types of tests/assembly": () => checkTypes("tests/assembly/tsconfig.json"),
  "lint and format": checkBiome,
  "imports go one way": checkImports,
  "no import cycles": checkCycles,
  "file sizes": checkSizes,
  "file names": checkNames,
  "files say what they are": checkOpenings,
  "line widths in assembly": checkWidths,
  "kernels are documented": checkKernels,
  "nothing left undone": checkMarkers,
  "public functions say shapes, defaults, errors": checkDocumentation,
  "API docs": checkDocs,
  "package.json follows the entries": checkEntries,
  "published files": checkContents,
  "package.json (publint)": checkPublint,
  "types as found (attw)": checkAttw,
  "sizes of entries (size-limit)": checkWeights,
};

const slow = [checkDocs, checkContents, checkPublint, checkAttw, checkWeights];
const quick = process.argv.includes("--quick");
const chosen = Object.entries(checks).filter(([, check]) => !(quick && slow.includes(check)));

let failed = 0;
for (const [name, check] of chosen) {
  const began = performance.now();
  const problems = check();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(problems.length === 0 ? `ok      ${name} (${seconds} s)` : `FAILED  ${name}: ${problems.length} found`);
  for (const problem of problems) console.log(`        ${problem}`);
  if (problems.length > 0) failed++;
}
console.log(`checks: ${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
