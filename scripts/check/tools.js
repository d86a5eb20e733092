// Runs the type checker, the linter and TypeDoc; their findings as `file:line: message`.
import { spawnSync } from "node:child_process";

function run(script, args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return { lines: `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== ""), status };
}

/** What tsc says about a project. */
export function checkTypes(project) {
  const { lines, status } = run("node_modules/typescript/bin/tsc", ["-p", project, "--noEmit", "--pretty", "false"]);
  if (status === 0) return [];
  return lines.map((line) => line.replace(/^(\S+)\((\d+),\d+\): /, "$1:$2: "));
}

/** What Biome says about lint, format and the order of imports. `npm run format` repairs most of it. */
export function checkBiome() {
  const args = ["check", "--reporter=github", "--max-diagnostics=none", "--error-on-warnings", "."];
  const { lines, status } = run("node_modules/@biomejs/biome/bin/biome", args);
  if (status === 0) return [];
  const found = lines.flatMap((line) => {
    const match = /^::\w+ title=(\S+?),file=(.+?),line=(\d+),.*?::(.*)$/.exec(line);
    return match ? [`${match[2].replace(`${process.cwd()}/`, "")}:${match[3]}: ${match[4]} (${match[1]})`] : [];
  });
  return found.length > 0 ? found : lines;
}

/** What TypeDoc says about the API's documentation: types that are not exported, exports without documentation, broken links. */
export function checkDocs() {
  const { lines, status } = run("node_modules/typedoc/bin/typedoc", ["--emit", "none", "--logLevel", "Warn"]);
  return status === 0 ? [] : lines;
}
