// The package's declarations, as consumers compile them: whatever the resolution, with every check on, libraries included;
// and every program that README and docs print, as strictly.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entries } from "../../scripts/entries.js";
import { importName } from "../../scripts/package-fields.js";

const root = new URL("../..", import.meta.url).pathname;
let app = "";

beforeAll(() => {
  app = mkdtempSync(join(tmpdir(), "heddle-types-"));
  mkdirSync(join(app, "node_modules"));
  symlinkSync(root, join(app, "node_modules/heddle"), "dir");
  writeFileSync(join(app, "package.json"), '{ "type": "module" }');
  copyFileSync(join(root, "tests/package/consumer.ts"), join(app, "consumer.ts"));
  // Each in a file of its own: entries may give the same name.
  for (const [i, entry] of entries.entries())
    writeFileSync(join(app, `entry-${i}.ts`), `export { ${entry.uses} } from "${importName(entry)}";\n`);
});

afterAll(() => rmSync(app, { recursive: true }));

const bundler: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
};

/** What the compiler finds in files of the app, and the package's files that it read. */
function compile(files: readonly string[], options: ts.CompilerOptions): { problems: string[]; read: string[] } {
  const roots = files.map((file) => join(app, file));
  const program = ts.createProgram(roots, {
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
  const { Node16, NodeNext } = ts.ModuleKind;
  const resolution = ts.ModuleResolutionKind;
  // Beside ES2022 they need AbortSignal and URL, which every runtime's types declare.
  it.each<[string, ts.CompilerOptions]>([
    ["node16", { module: Node16, moduleResolution: resolution.Node16, lib: ["lib.es2022.d.ts"], types: ["node"] }],
    [
      "nodenext",
      { module: NodeNext, moduleResolution: resolution.NodeNext, lib: ["lib.es2022.d.ts", "lib.webworker.d.ts"] },
    ],
    ["bundler", bundler],
  ])("compile under %s", (_name, options) => {
    const { problems, read } = compile(["consumer.ts", ...entries.map((_, i) => `entry-${i}.ts`)], options);
    expect(problems).toEqual([]);
    expect(read).toContain(join(root, "dist/index.d.ts"));
    expect(read.filter((path) => !path.startsWith(join(root, "dist/")))).toEqual([]);
  });
});

describe("the compiler refuses", () => {
  const refused = [
    ["figures that are misspelt", "const { acuracy } = await model.evaluate(x, x);", "acuracy"],
    ["those of steps", "const { mea } = model.trainOnBatch(x, x);", "mea"],
    ["those of remote models", "const { acuracy } = await remote.evaluate(x, x);", "acuracy"],
    ["those that were not told", 'const { auc_2 } = await model.evaluate<"auc_1">(x, x);', "auc_2"],
    ["to take bytes for numbers", "const values: Float32Array = images.data;", "Uint8Array"],
    ["options that are misspelt", "layers.conv2d({ filters: 1, kernelSize: 3, dilation: 2 });", "dilation"],
    ["dtypes that there are not", 'x.cast("float32");', "float32"],
  ] as const;
  const declared = `import { type ArrayData, layers, type Model, type Tensor } from "heddle";
import type { RemoteModel } from "heddle/worker";
declare const model: Model, remote: RemoteModel, x: Tensor, images: ArrayData<"f32">;
`;

  it("what would be undefined or wrong at run time, and nothing else", () => {
    const files = refused.map(([, statement], i) => {
      const file = `refused-${i}.ts`;
      writeFileSync(join(app, file), `${declared}${statement}\n`);
      return file;
    });
    // The declarations themselves have been checked above.
    const { problems } = compile(files, { ...bundler, skipLibCheck: true });
    expect(problems).toHaveLength(refused.length);
    refused.forEach(([what, , word], i) => {
      expect(problems[i], what).toMatch(new RegExp(`refused-${i}\\.ts:4: .*${word}`, "s"));
    });
  });
});

/** The TypeScript that a text prints and that stands for itself. */
function programsOf(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)]
    .map(([, source]) => source)
    .filter((s) => s.includes('from "heddle'));
}

describe("the programs that are printed", () => {
  const texts = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((path) =>
    path.endsWith(".md"),
  );
  const programs = texts.flatMap((path) => programsOf(path).map((source, i) => ({ name: `${path} ${i + 1}`, source })));

  it.each([true, false])("compile strictly, exactOptionalPropertyTypes %s", (exactOptionalPropertyTypes) => {
    expect(programs.length).toBeGreaterThan(2);
    const files = programs.map(({ name, source }) => {
      const file = `${name.replace(/\W+/g, "-")}.ts`;
      writeFileSync(join(app, file), source);
      return file;
    });
    const { problems } = compile(files, {
      exactOptionalPropertyTypes,
      // With it the declarations have been checked above.
      skipLibCheck: exactOptionalPropertyTypes,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    });
    expect(problems).toEqual([]);
  });
});
