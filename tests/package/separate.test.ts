// heddle/separate: the core from files of its own, the same bits as from the default entry, and what is said where it is
// not there.
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

const root = new URL("../..", import.meta.url).pathname;

/** Runs a module's code in a new Node, beside the package; what it printed. */
function run(code: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    cwd: root,
  });
  return stdout.trim() || stderr;
}

const compute = `
  const bits = (h) => {
    h.configure({ deterministic: true });
    h.seed(7);
    const x = h.randomNormal([64, 32]);
    return Buffer.from(h.softmax(h.matmul(x, x, { transposeB: true })).data().buffer).toString("base64");
  };`;
const attempt = (code: string): string => `
  import * as h from "heddle/separate";
  import { readFileSync } from "node:fs";
  const wasm = (name) => new WebAssembly.Module(readFileSync("dist/core-" + name + ".wasm"));
  try { ${code} } catch (error) { console.log(error.name + ": " + error.message); }`;

describe("heddle/separate", () => {
  it("gives the same bits as the default entry", () => {
    const separate = run(
      `import * as h from "heddle/separate"; ${compute} await h.initialize(); console.log(bits(h));`,
    );
    expect(separate.length).toBeGreaterThan(10_000);
    expect(run(`import * as h from "heddle"; ${compute} console.log(bits(h));`)).toBe(separate);
  });

  it("takes a module, or a response, whatever its type", () => {
    const sum = "console.log(h.engineInfo().simd, h.sum(h.ones([3])).item());";
    expect(run(attempt(`await h.initialize({ core: wasm("simd") }); ${sum}`))).toBe("simd 3");
    const response = 'new Response(readFileSync("dist/core-simd.wasm"), { headers: { "content-type": type } })';
    for (const type of ["application/wasm", "application/octet-stream"]) {
      const code = `const type = "${type}"; await h.initialize({ core: ${response} }); ${sum}`;
      expect(run(attempt(code))).toBe("simd 3");
    }
  });

  it.each([
    [
      "before it has one",
      "h.ones([3]);",
      "StateError: heddle/separate: initialize must be awaited before the first tensor, got no core yet",
    ],
    [
      "of another module",
      "await h.initialize({ core: new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) });",
      "ArgumentError: initialize: core must be one of Heddle's, got another module",
    ],
    [
      "of a file that is not there",
      'await h.initialize({ core: new Response("no", { status: 404 }) });',
      "ArgumentError: initialize: core must be a WebAssembly file, got Error: HTTP 404 from ",
    ],
  ])("says what is wrong %s", (_when, code, message) => {
    expect(run(attempt(code))).toBe(message.trim());
  });

  it("does not take the relaxed build where bits must not depend on the runtime", () => {
    // Node 20 compiles relaxed SIMD behind a flag only, so a module with that section stands for it.
    const code = `
      const bytes = readFileSync("dist/core-simd.wasm");
      const section = Buffer.concat([Buffer.from([0, 8, 7]), Buffer.from("relaxed")]);
      h.configure({ deterministic: true });
      await h.initialize({ core: new WebAssembly.Module(Buffer.concat([bytes, section])) });
      h.ones([3]);`;
    expect(run(attempt(code))).toBe(
      "StateError: initialize: deterministic mode must have core-simd.wasm, got core-relaxed.wasm",
    );
  });
});
