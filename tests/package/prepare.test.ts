// When npm's `prepare` builds: for whoever installs, links or packs Heddle, and not after `npm ci` in a clone of one's own.
// The environments are those of npm 11 and 12. tests/everywhere installs in earnest.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { isForOthers } from "../../scripts/prepare.js";

const [clone, project] = ["/home/me/heddle", "/home/me/app"];

describe("prepare", () => {
  it.each([
    ["npm ci in a clone", "ci", clone],
    ["npm install in a clone", "install", clone],
    ["npm install in a clone with a slash", "install", `${clone}/`],
  ])("builds nothing after %s", (_what, command, folder) => {
    expect(isForOthers({ npm_command: command, INIT_CWD: folder }, clone)).toBe(false);
    expect(isForOthers({ npm_command: command, INIT_CWD: folder }, `${clone}/`)).toBe(false);
  });

  it.each([
    ["a project that installs it from git or links a clone", "install", project],
    ["a project that installs what its lock file says", "ci", project],
    ["npm link in a clone", "link", clone],
    ["npm pack in a clone", "pack", clone],
    ["npm publish in a clone", "publish", clone],
    ["a package manager that says nothing", undefined, undefined],
  ])("builds for %s", (_what, command, folder) => {
    expect(isForOthers({ npm_command: command, INIT_CWD: folder }, clone)).toBe(true);
  });

  it("is over at once in a clone", () => {
    const env = { ...process.env, npm_command: "ci", INIT_CWD: process.cwd() };
    const out = execFileSync(process.execPath, ["scripts/prepare.js"], { env, encoding: "utf8", timeout: 5000 });
    expect(out).toBe("");
  });
});
