// Adding an elementwise op takes three files: its kernel, the op and its rows.
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const files = ["assembly", "ts", "tests/ops/cases", "scripts"].flatMap((folder) =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => /\.[tj]s$/.test(name) && !name.includes("generated"))
    .map((name) => `${folder}/${name}`),
);

it.each(["trunc", "rsqrt", "erf", "asinh"])("%s is declared in three files", (name) => {
  const declares = new RegExp(`\\b(${name}_f32\\b|const ${name}\\b|ops\\.${name}\\b)`);
  const found = files.filter((path) => declares.test(readFileSync(path, "utf8")));
  const family = name === "asinh" ? "transcendental" : "elementwise";
  expect(found.sort()).toEqual([`assembly/${family}.ts`, `tests/ops/cases/${family}.ts`, `ts/ops/${family}.ts`]);
});
