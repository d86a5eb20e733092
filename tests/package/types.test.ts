// The package's declarations, as consumers compile them: whatever the resolution, with every check on, libraries included.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
let app = "";

beforeAll(() => {
  app = mkdtempSync(join(tmpdir(), "heddle-types-"));
  mkdirSync(join(app, "node_modules"));
  symlinkSync(root, join(app, "node_modules/heddle"), "dir");
  writeFileSync(join(app, "package.json"), '{ "type": "module" }');
  copyFileSync(join(root, "tests/package/consumer.ts"), join(app, "consumer.ts"));
});

afterAll(() => rmSync(app, { recursive: true }));

/** What the compiler finds, and the package's files that it read. */
function compile(options: ts.CompilerOptions): { problems: string[]; read: string[] } {
  const program = ts.createProgram([join(app, "consumer.ts")], {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    target: ts.ScriptTarget.ES2022,
    typeRoots: [join(root, "node_modules/@types")],
    types: [],
    ...options,
  });
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}: ` : "";
    return line + ts.flattenDiagnosticMessageText(messageText, "\n");
  });
  const read = program.getSourceFiles().map(({ fileName }) => fileName);
  return { problems, read: read.filter((path) => path.startsWith(root) && !path.includes("/node_modules/")) };
}

describe("the package's declarations", () => {
  const { Node16, NodeNext, ESNext } = ts.ModuleKind;
  const resolution = ts.ModuleResolutionKind;
  // Beside ES2022 they need AbortSignal and URL, which every runtime's types declare.
  it.each<[string, ts.CompilerOptions]>([
    ["node16", { module: Node16, moduleResolution: resolution.Node16, lib: ["lib.es2022.d.ts"], types: ["node"] }],
    [
      "nodenext",
      { module: NodeNext, moduleResolution: resolution.NodeNext, lib: ["lib.es2022.d.ts", "lib.webworker.d.ts"] },
    ],
    ["bundler", { module: ESNext, moduleResolution: resolution.Bundler, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"] }],
  ])("compile under %s", (_name, options) => {
    const { problems, read } = compile(options);
    expect(problems).toEqual([]);
    expect(read).toContain(join(root, "dist/index.d.ts"));
    expect(read.filter((path) => !path.startsWith(join(root, "dist/")))).toEqual([]);
  });
});
