// Heddle without a registry: a project of one's own that installs it from git, links a fresh clone, or is linked to one by
// `npm link`, each in one line, and trains.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram, root } from "../harness/places.ts";
import { type Context, type Family, must, type Row } from "../harness/row.ts";
import { temporary } from "../harness/workspace.ts";

const run = promisify(execFile);
/** All of the build, and before it the packages that it needs, on a machine that does other work as well. */
const PATIENCE = 600_000;

/** The environment of this process, without what the npm that started it has put there. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(INIT_CWD$|npm_(?!config_(cache|registry)$))/i.test(name),
  );
  // Links of `npm link` go to a folder of these tests.
  return {
    ...Object.fromEntries(own),
    npm_config_prefix: join(temporary, "global"),
    npm_config_prefer_offline: "true",
  };
}

/** Runs npm in a folder: the one that runs these tests, since the root's packages bring an old one along. */
async function npm(folder: string, ...words: string[]): Promise<void> {
  const path = process.env.npm_execpath;
  const [command, ...first] = path ? [process.execPath, path] : ["npm"];
  const options = { cwd: folder, env: environment(), timeout: PATIENCE, maxBuffer: 2 ** 26 };
  await run(command, [...first, ...words, "--no-audit", "--no-fund"], options);
}

/** A clone of this repository as it stands, what is not committed yet included. */
async function makeClone(name: string): Promise<string> {
  const clone = join(temporary, name);
  const { stdout } = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const path of stdout.split("\0").filter((entry) => entry !== ""))
    cpSync(join(root, path), join(clone, path), { recursive: true });
  const git = (...words: string[]) =>
    run("git", ["-c", "user.name=heddle", "-c", "user.email=heddle@localhost", ...words], { cwd: clone });
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "as it stands");
  return clone;
}

/** An empty project. */
function makeProject(name: string): string {
  const project = join(temporary, name);
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  return project;
}

const program = `
  import { layers, Sequential, tensor } from "heddle";
  import { EarlyStopping } from "heddle/train";
  const model = new Sequential([layers.dense({ units: 1, inputShape: [1] })]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  const callbacks = [new EarlyStopping({ monitor: "loss", patience: 500 })];
  const { history } = await model.fit(tensor([[1], [2], [3]]), tensor([[2], [4], [6]]), { epochs: 1000, verbose: 0, callbacks });
  console.log(history.loss.at(-1));`;

/** Trains a line in a project, and looks at how far it came. */
async function mustTrain(context: Context, project: string): Promise<void> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], { cwd: project });
  must(Number(stdout) < 0.1, `the loss of a line must come below 0.1, got ${stdout}`);
  context.show("loss", Number(stdout).toFixed(4));
}

const missing = findProgram("git") ? undefined : "this machine has no git";

const fromGit: Row = {
  name: "npm install git+file:///path/of/heddle",
  missing,
  most: PATIENCE,
  async run(context) {
    const clone = await makeClone("heddle-git");
    const project = makeProject("from-git");
    // npm 12 wants to be told that git may be asked; earlier ones do not mind.
    await npm(project, "install", "--allow-git=root", `git+file://${clone}`);
    await mustTrain(context, project);
    for (const folder of [clone, project]) rmSync(folder, { recursive: true });
  },
};

const linked: Row = {
  name: "npm install ../heddle, npm link",
  missing,
  most: PATIENCE,
  async run(context) {
    const clone = await makeClone("heddle-linked");
    const project = makeProject("linked");
    await npm(project, "install", clone);
    await mustTrain(context, project);
    const other = makeProject("linked-globally");
    await npm(clone, "link");
    await npm(other, "link", "heddle");
    await mustTrain(context, other);
    for (const folder of [clone, project, other]) rmSync(folder, { recursive: true });
  },
};

export const installFamily: Family = {
  name: "installs",
  title: "A project that installs Heddle from git or links a clone, which is built on the way, and trains a line.",
  columns: ["command", "loss"],
  rows: [fromGit, linked],
};
