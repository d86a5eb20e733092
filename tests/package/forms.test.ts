// What dist/ holds: nothing that a browser's bundler, a strict policy or an edge runtime would trip over, one engine in each
// form, and the same names in all.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = new URL("../..", import.meta.url).pathname;
const { exports, sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, Record<string, string>>;
  sideEffects: string[];
};

/** The entries that have all forms, by the names that people import. */
const entries = Object.entries(exports).filter(([, conditions]) => conditions.workerd !== undefined);

const scripts = readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".js"))
  .map((path) => {
    const text = readFileSync(join(root, "dist", path), "utf8");
    return { path, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), text };
  });

/** What `wrong` says about the nodes of all scripts, with where they are. */
function find(wrong: (node: ts.Node) => string | undefined): string[] {
  return scripts.flatMap(({ path, tree }) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const message = wrong(node);
      if (message !== undefined)
        found.push(`${path}:${tree.getLineAndCharacterOfPosition(node.pos).line + 1}: ${message}`);
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return found;
  });
}

/** Runs `code` as a bundle of `conditions` would, beside dist/; what it exports as `result`. */
async function runBundle(code: string, conditions: string[] = []): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    conditions,
    write: false,
  });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`;
  return ((await import(url)) as { result: unknown }).result;
}

describe("dist", () => {
  it("imports itself only: relative files, and on the edge the binaries", () => {
    const strangers = find((node) => {
      const target =
        ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
          ? node.moduleSpecifier
          : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
            ? node.arguments[0]
            : undefined;
      if (target === undefined || (ts.isStringLiteral(target) && /^(\.\.?\/|#wasm$)/.test(target.text)))
        return undefined;
      return `imports ${target.getText()}`;
    });
    expect(strangers).toEqual([]);
  });

  it("waits for nothing at the top of a module", () => {
    const isFunction = (node: ts.Node): boolean => ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node);
    const waits = find((node) => {
      if (!ts.isAwaitExpression(node) && !(ts.isForOfStatement(node) && node.awaitModifier)) return undefined;
      for (let above = node.parent; above !== undefined; above = above.parent) if (isFunction(above)) return undefined;
      return "awaits";
    });
    expect(waits).toEqual([]);
  });

  it("makes no code out of text, and requires nothing", () => {
    const made = find((node) => {
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
      const name = node.expression.getText();
      return /^(eval|Function|require|globalThis\.(eval|Function))$/.test(name) ? `calls ${name}` : undefined;
    });
    expect(made).toEqual([]);
  });

  it("has one file for threads, which needs no other", () => {
    const thread = scripts.find(({ path }) => path === "thread.js");
    const carried = scripts.find(({ path }) => path === "generated/thread-source.js");
    expect(carried?.text).toContain(JSON.stringify(thread?.text.trim()));
    expect(thread?.text).not.toMatch(/\b(import|export|importScripts)\b/);
  });

  it("carries the core once in each form, and not where it comes from elsewhere", () => {
    const carrying = (folder: string): string[] =>
      scripts
        .filter(({ path, text }) => path.startsWith(folder) && /[A-Za-z0-9+/]{5000}/.test(text))
        .map(({ path }) => path);
    // Node's worker.js has it for the engine worker, whose script is all of Heddle.
    const files = ["generated/core.js", "node/library-HASH.js", "node/worker.js"];
    expect(carrying("").map((path) => path.replace(/-[A-Z0-9]{8}\./, "-HASH."))).toEqual(files);
  });
});

describe("every entry", () => {
  it.each(entries)("%s has the same names in all its forms", async (_name, conditions) => {
    const names = async (path: string): Promise<string[]> => {
      const result = await build({
        entryPoints: [join(root, path)],
        bundle: true,
        write: false,
        metafile: true,
        format: "esm",
        outdir: "out",
        external: ["#wasm"],
      });
      return Object.values(result.metafile.outputs)[0].exports.sort();
    };
    const [whole, node, edge] = await Promise.all(
      [conditions.default, conditions.node, conditions.workerd].map((path) => names(path)),
    );
    expect(whole.length).toBeGreaterThan(0);
    expect(node).toEqual(whole);
    expect(edge).toEqual(whole);
    expect(conditions["edge-light"]).toBe(conditions.workerd);
  });

  it("shares the engine with the others, in Node", async () => {
    const { ArgumentError, layers, Model, optimizers } = await import(join(root, exports["."].node));
    const own = await import(join(root, exports["./layers"].node));
    expect(own.Layer).toBe(layers.Layer);
    expect((await import(join(root, exports["./train"].node))).Model).toBe(Model);
    expect((await import(join(root, exports["./optim"].node))).Adam).toBe(optimizers.Adam);
    const { EngineWorker } = await import(join(root, exports["./worker"].node));
    await expect(new EngineWorker({ threads: 0 }).ready).rejects.toThrow(ArgumentError);
  });
});

describe("sideEffects", () => {
  it("name what must not be left out: a bundle's tensors have their methods", async () => {
    const code = `import { tensor } from "heddle"; export const result = tensor([1, -2]).relu().add(1).data().join();`;
    expect(await runBundle(code)).toBe("2,1");
    expect(await runBundle(code, ["node"])).toBe("2,1");
    expect(sideEffects).toContain("./dist/ops/methods.js");
  });

  it("let a subpath alone compute", async () => {
    const code = `
      import { dense } from "heddle/layers";
      import { randomUniform, sum } from "heddle/ops";
      export const result = sum(dense({ units: 3 }).apply(randomUniform([2, 4]))).shape.length;`;
    expect(await runBundle(code)).toBe(0);
  });
});
