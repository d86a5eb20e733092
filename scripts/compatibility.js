// Writes docs/compatibility.md: Keras 3's public names beside Heddle's, from what the built package exports. With
// `--check` it only says whether the file is up to date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { aliases, differences, elsewhere } from "./compatibility/notes.js";

process.chdir(new URL("..", import.meta.url).pathname);
const heddle = await import("../dist/node/index.js");
const { version, names } = JSON.parse(readFileSync("tests/golden/keras-names.json", "utf8"));
const target = "docs/compatibility.md";

/** Where each of Keras's modules has its counterparts. */
const homes = {
  layers: heddle.layers,
  activations: heddle.activations,
  losses: heddle.losses,
  metrics: heddle.metrics,
  optimizers: heddle.optimizers,
  schedules: heddle.schedules ?? heddle.optimizers,
  callbacks: heddle.callbacks ?? heddle,
  initializers: heddle.initializers,
  regularizers: heddle.regularizers,
  constraints: heddle.constraints ?? {},
  ops: heddle,
};

/** A Keras name as Heddle writes it: MaxPooling2D -> maxPooling2d, log_sigmoid -> logSigmoid, GRUCell -> gruCell. */
function camel(name) {
  const words = name
    .replace(/(\d)D/g, "$1d")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase()
    .replace(/_([0-9])/g, "$1")
    .split("_");
  return (
    words[0] +
    words
      .slice(1)
      .map((word) => word[0].toUpperCase() + word.slice(1))
      .join("")
  );
}

/** What Heddle calls it: the exported names that stand for a Keras name; of its ops some are activations or losses here. */
function counterparts(section, name) {
  const home = homes[section];
  const makers = Object.keys(home).filter((one) => home[one]?.made !== undefined && home[one].made === home[name]);
  const wanted = [...new Set([aliases[section]?.[name], name, ...makers, camel(name)].flat().filter(Boolean))];
  const found = wanted.filter((one) => home[one] !== undefined);
  if (found.length > 0 || section !== "ops") return found;
  return ["activations", "losses"].flatMap((space) =>
    wanted.filter((one) => heddle[space][one] !== undefined).map((one) => `${space}.${one}`),
  );
}

function row(section, name) {
  const found = counterparts(section, name);
  const note = differences[section]?.[name];
  const other = elsewhere[section]?.[name];
  if (found.length > 0)
    return {
      name,
      ours: found.map((one) => `\`${one}\``).join(", "),
      state: note ? `with a difference: ${note}` : "have",
    };
  if (other !== undefined) return { name, ours: "", state: other };
  return { name, ours: "", state: "not yet" };
}

const lines = [
  "# Keras names and ours",
  "",
  `Public names of Keras ${version} and what stands for them here. Made by \`node scripts/compatibility.js\` from what the package exports;`,
  "names and their meaning come from `tests/golden/keras-names.py`. Arguments are Keras's in camelCase. Layers are classes under Keras's",
  "names and factory functions in camelCase. All tensors are channels-last, and f32 unless they count something.",
  "",
];
const counts = { have: 0, "with a difference": 0, "not yet": 0, other: 0 };
for (const [section, list] of Object.entries(names)) {
  const rows = list.map((name) => row(section, name));
  for (const { state } of rows) {
    const key = Object.keys(counts).find((one) => state.startsWith(one)) ?? "other";
    counts[key]++;
  }
  lines.push(`## keras.${section === "schedules" ? "optimizers.schedules" : section}`, "");
  if (section === "ops") {
    const have = rows.filter(({ ours }) => ours !== "");
    const rest = rows.filter(({ ours }) => ours === "");
    lines.push("| Keras | Heddle | |", "| --- | --- | --- |", ...have.map(cells), "");
    const other = rest.filter(({ state }) => state !== "not yet");
    if (other.length > 0)
      lines.push(
        "| Keras | instead |",
        "| --- | --- |",
        ...other.map(({ name, state }) => `| ${name} | ${state} |`),
        "",
      );
    lines.push(
      `Not yet: ${rest
        .filter(({ state }) => state === "not yet")
        .map(({ name }) => name)
        .join(", ")}.`,
      "",
    );
  } else {
    lines.push("| Keras | Heddle | |", "| --- | --- | --- |", ...rows.map(cells), "");
  }
}
lines.push(
  `In all: ${counts.have} the same, ${counts["with a difference"]} with a difference, ${counts.other} otherwise, ${counts["not yet"]} not yet.`,
  "",
);

function cells({ name, ours, state }) {
  return `| ${name} | ${ours} | ${state} |`;
}

const text = lines.join("\n");
if (process.argv.includes("--check")) {
  if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
    console.error(`${target}: it must be what the package exports; run node scripts/compatibility.js`);
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
