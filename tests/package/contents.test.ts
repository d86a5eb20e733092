// What the package brings beside the library: whatever its README points to is there, and it stays small.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";

const [packed] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf8" }),
) as [{ files: { path: string; size: number }[] }];
const paths = packed.files.map(({ path }) => path);

/** Where a text's links lead that name no site, as paths in the package. */
function linksOf(path: string): string[] {
  const links = [...readFileSync(path, "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link.split("#")[0]);
  const relative = links.filter((link) => link !== "" && !/^[a-z]+:/.test(link));
  return relative.map((link) => posix.join(posix.dirname(path), link));
}

describe("the package", () => {
  it.each(paths.filter((path) => path.endsWith(".md")))("has what %s points to", (path) => {
    const dead = linksOf(path).filter((link) => !paths.some((file) => file === link || file.startsWith(`${link}/`)));
    expect(dead).toEqual([]);
  });

  it("has the README's links, examples and documents", () => {
    expect(linksOf("README.md").length).toBeGreaterThan(10);
    for (const path of ["docs/runtimes.md", "examples/generation.ts", "ARCHITECTURE.md"]) expect(paths).toContain(path);
  });

  it("has little beside the library", () => {
    const beside = packed.files.filter(({ path }) => !path.startsWith("dist/"));
    expect(beside.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(500_000);
  });
});
