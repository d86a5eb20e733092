// A plugin of TypeDoc that puts the API's documentation in order by where things are declared: the folders of ts/ are its
// categories, of ops and layers the files; modules are called what people import, and are
// those that scripts/entries.js wants documented.
import { relative } from "node:path";
import { Application, Comment, CommentTag, Converter, ReflectionKind } from "typedoc";
import { entries } from "./entries.js";
import { importName } from "./package-fields.js";

/** Categories of what an entry exports, by the folder or file of ts/ that it is declared in. */
const categories = {
  "Models and training": "train",
  Layers: "layers",
  Tensors: "tensor",
  Differentiation: "autograd transforms",
  "Data and files": "data datasets formats",
  Engine: "runtime",
  "Models in a worker": "worker",
  "Ops: arithmetic and functions":
    "ops/arithmetic ops/elementwise ops/gamma ops/lower/launch-binary ops/powers ops/transcendental",
  "Ops: comparison and selection": "ops/compare",
  "Ops: reductions and statistics": "ops/differences ops/lower/axes ops/reduce ops/scan ops/statistics",
  "Ops: shapes, indices and order": "ops/broadcast ops/gather ops/indexing ops/layout ops/reorder ops/sort",
  "Ops: linear algebra": "ops/diagonal ops/einsum ops/linalg ops/lower/epilogue ops/matmul ops/matrix-norm",
  "Ops: convolution and pooling": "ops/adaptive-pool ops/conv ops/depthwise ops/lower/conv-geometry ops/pool",
  "Ops: sequences": "ops/attention ops/ctc ops/recurrent",
  "Ops: normalization": "ops/norm ops/softmax",
  "Ops: images": "ops/color ops/grid-sample ops/resize",
  "Ops: Fourier transforms": "ops/fft",
  "Ops: random numbers": "ops/random",
};

/** Those of `heddle/layers`. */
const layerCategories = {
  Core: "core dense einsum-dense input kernel-layer weight-options",
  Convolution: "conv convolution depthwise-conv",
  Pooling: "adaptive-pooling global-pooling pooling",
  Recurrence: "bidirectional cells conv-lstm recurrent recurrent-cell rnn stacked-cells time-distributed",
  Attention: "attention key-value-cache multi-head-attention positions projection relative-attention transformer",
  Normalization: "feature-normalization group-normalization normalization",
  Activation: "activation-layers",
  Regularization: "regularization",
  Merging: "merging",
  Resizing: "resizing",
  "Layers of one's own": "definition layer masks registry shapes symbolic",
};

/** The tables turned round: the category of each folder and file. */
function byPlace(table, prefix) {
  return Object.entries(table).flatMap(([category, places]) =>
    places.split(" ").map((place) => [`${prefix}${place}`, category]),
  );
}

const known = new Map([...byPlace(categories, ""), ...byPlace(layerCategories, "heddle/layers:")]);

/** The package's entries by their source files. */
const entryNames = new Map(entries.map((entry) => [entry.source, importName(entry)]));

/** The category of what `file` declares, for an entry; undefined, TypeDoc's "Other", where no table says. */
function categoryOf(file, entry) {
  const path = file.replace(/^ts\//, "").replace(/\.ts$/, "");
  const [folder, name] = path.split("/");
  return known.get(`${entry.name}:${name}`) ?? known.get(path) ?? known.get(folder);
}

/** The file that declares it, from the root of the project. */
function fileOf(project, reflection) {
  const path = project.getSymbolIdFromReflection(reflection)?.fileName;
  return path && relative(process.cwd(), path);
}

/** Notes the category of what an entry exports. */
function categorize(project, entry, child) {
  const target = child.isReference() ? child.getTargetReflectionDeep() : child;
  const isNamespace = target.kindOf(ReflectionKind.SomeModule);
  // What has no words of its own: another's place, a namespace. Of all else TypeDoc is to miss them.
  if (child.isReference() || isNamespace) child.comment ??= new Comment();
  const file = fileOf(project, target);
  const category = isNamespace ? "Namespaces" : file && categoryOf(file, entry);
  const comment = child.comment ?? child.signatures?.[0].comment;
  if (category) comment?.blockTags.push(new CommentTag("@category", [{ kind: "text", text: category }]));
}

/** Gives the tensors' methods the words of the ops of the same name, which they are. */
function documentMethods(root) {
  const ops = new Map(root.children.map((child) => [child.name, child.comment ?? child.signatures?.[0].comment]));
  for (const name of ["Tensor", "Variable", "Symbolic"]) {
    for (const member of root.getChildByName(name)?.children ?? []) {
      const documented = member.signatures?.[0] ?? member;
      documented.comment ??= ops.get(member.name)?.clone();
    }
  }
}

/** What TypeDoc calls when it loads the plugin. */
export function load(app) {
  const documented = entries.filter(({ docs }) => docs).map(({ source }) => source);
  app.on(Application.EVENT_BOOTSTRAP_END, () => app.options.setValue("entryPoints", documented));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const entries = project.getReflectionsByKind(ReflectionKind.Module);
    for (const entry of entries) entry.name = entryNames.get(fileOf(project, entry)) ?? entry.name;
    documentMethods(project.getChildByName(["heddle"]));
    for (const entry of entries) for (const child of entry.children ?? []) categorize(project, entry, child);
  });
}
