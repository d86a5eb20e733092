// The script that draws a terminal's contents as an SVG.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

function draw(recording: string, ...args: string[]): string {
  return execFileSync(process.execPath, ["scripts/picture.js", ...args], { input: recording, encoding: "utf8" });
}

/** The texts of a picture as [x, y, text]. */
function texts(svg: string): [number, number, string][] {
  const found = svg.matchAll(/<text x="(\d+)" y="(\d+)"[^>]*>([^<]*)<\/text>/g);
  return [...found].map(([, x, y, text]) => [Number(x), Number(y), text]);
}

describe("the picture of a terminal", () => {
  it("shows what stands there in the end", () => {
    const svg = draw("\n10 %\r\x1b[K20 %\r\x1b[1G\x1b[K100 % <&>\r\ntwo  words here\n\n");
    expect(texts(svg)).toEqual([
      [24, 39, "100 % &lt;&amp;&gt;"],
      [24, 59, "two"],
      [24 + 5 * 9, 59, "words here"],
    ]);
    expect(svg).toContain('viewBox="0 0 183 88"');
  });

  it("knows bold, dim, the sixteen colours and greys", () => {
    const svg = draw("\x1b[1mb\x1b[0m \x1b[2md\x1b[22mn\x1b[0m \x1b[1;31mr\x1b[0m\x1b[38;5;255mw\x1b[39mn");
    const styles = [...svg.matchAll(/fill="(#\w+)"( font-weight="600")?>(\w)</g)].map((match) => match.slice(1));
    expect(styles).toEqual([
      ["#d5d8de", ' font-weight="600"', "b"],
      ["#7a808c", undefined, "d"],
      ["#d5d8de", undefined, "n"],
      ["#f0717a", ' font-weight="600"', "r"],
      ["#eeeeee", undefined, "w"],
      ["#d5d8de", undefined, "n"],
    ]);
  });

  it("draws blocks and lines as shapes that touch and never overlap", () => {
    const svg = draw("\x1b[38;5;232;48;5;255m▀▀\x1b[0m\n│━━");
    const paths = [...svg.matchAll(/<path fill="(#\w+)" d="([^"]*)"/g)].map((match) => match.slice(1));
    expect(paths).toEqual([
      ["#eeeeee", "M24 34h18v10h-18z"],
      ["#080808", "M24 24h18v10h-18z"],
      ["#d5d8de", expect.stringMatching(/^M28 44h1v10h-1zM28 54h1v10h-1zM33 53h18v2h-18z$/)],
    ]);
    expect(texts(svg)).toEqual([]);
  });

  it("can be cut out of a longer recording", () => {
    const svg = draw("npm says\n> node run\n\nfirst\nlast\nthe end\n", "--after", "> node", "--before", "the end");
    expect(texts(svg).map(([, , text]) => text)).toEqual(["first", "last"]);
  });
});
