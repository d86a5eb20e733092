// Every runtime: the import, inference, 20 steps of training, threads where there can be any, and the same bits.
import { askConsole, askPage } from "../harness/ask.ts";
import { type Browser, browsers } from "../harness/browsers.ts";
import { bundleForEdge, edge, startEdge } from "../harness/edge.ts";
import { expectedThreads, missing, type Runtime, runtimes } from "../harness/places.ts";
import { type Family, must, type Row } from "../harness/row.ts";
import { workspace } from "../harness/workspace.ts";
import { type Configuration, checkTraining, type Training } from "./training.ts";

function consoleRow({ name, command }: Runtime): Row {
  return {
    name,
    missing: missing(command[0]),
    async run(context) {
      const { threads, reason } = await checkTraining(context, (configuration) =>
        askConsole(context, command, "train", { configuration }),
      );
      must(threads >= expectedThreads, `there must be ${expectedThreads} threads, got ${threads}: ${reason}`);
    },
  };
}

function browserRow(browser: Browser): Row {
  return {
    name: browser.name,
    missing: browser.missing,
    async run(context) {
      const { threads, reason } = await checkTraining(context, (configuration) =>
        askPage(context, browser, "train", { configuration }),
      );
      const wanted = browser.alone ? 1 : expectedThreads;
      must(threads >= wanted, `there must be ${wanted} threads, got ${threads}: ${reason}`);
      must(browser.alone?.test(reason ?? "") ?? true, `the reason must say ${browser.alone}, got ${reason}`);
    },
  };
}

const edgeRow: Row = {
  ...edge,
  async run(context) {
    const folder = await bundleForEdge(context, workspace, "edge.js");
    const train = async (configuration: Configuration): Promise<Training> => {
      const ask = await startEdge(context, folder, "edge.js");
      const response = await ask("http://heddle/", { method: "POST", body: JSON.stringify({ configuration }) });
      const text = await response.text();
      must(response.status === 200, `the worker must answer, got ${response.status}: ${text.slice(0, 500)}`);
      return JSON.parse(text) as Training;
    };
    const { threads, reason } = await checkTraining(context, train);
    must(
      threads === 1 && reason !== undefined,
      `an edge runtime has one thread and says why, got ${threads}: ${reason}`,
    );
  },
};

export const runtimeFamily: Family = {
  name: "runtimes",
  title: "Import, inference and 20 training steps of the digit CNN; the weights' bits in deterministic mode.",
  columns: ["runtime", "SIMD", "threads", "loss", "SHA-256 of the weights"],
  rows: [...runtimes.map(consoleRow), edgeRow, ...browsers.map(browserRow)],
};
