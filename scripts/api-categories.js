// A plugin of TypeDoc that puts the API's documentation in order by where things are declared: the folders of ts/ are its
// categories, of ops and within a namespace the files; modules are called what people import.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { Comment, CommentTag, Converter, ReflectionKind } from "typedoc";

const titles = {
  train: "Models and training",
  layers: "Layers",
  losses: "Training",
  tensor: "Tensors",
  autograd: "Differentiation",
  data: "Data and files",
  io: "Data and files",
  runtime: "Engine",
};

/** The package's entries by their source files. */
function entryNames() {
  const { name, exports } = JSON.parse(readFileSync("package.json", "utf8"));
  const sources = Object.entries(exports).filter(([, conditions]) => conditions["heddle-source"]);
  return new Map(sources.map(([path, conditions]) => [conditions["heddle-source"].slice(2), name + path.slice(1)]));
}

/** The category of what `file` declares: within a namespace its file, else its folder. */
function categoryOf(file, isInNamespace) {
  const [folder, name] = file.replace(/^ts\//, "").replace(/\.ts$/, "").split("/");
  const words = (name === "index" ? "by name" : (name ?? folder)).replaceAll("-", " ");
  if (isInNamespace) return words[0].toUpperCase() + words.slice(1);
  return folder === "ops" ? `Ops: ${words}` : (titles[folder] ?? folder);
}

/** The file that declares it, from the root of the project. */
function fileOf(project, reflection) {
  const path = project.getSymbolIdFromReflection(reflection)?.fileName;
  return path && relative(process.cwd(), path);
}

/** Gives the tensors' methods the words of the ops of the same name, which they are. */
function documentMethods(root) {
  const ops = new Map(root.children.map((child) => [child.name, child.comment ?? child.signatures?.[0].comment]));
  for (const name of ["Tensor", "Variable"]) {
    for (const member of root.getChildByName(name)?.children ?? []) {
      const documented = member.signatures?.[0] ?? member;
      documented.comment ??= ops.get(member.name)?.clone();
    }
  }
}

/** What TypeDoc calls when it loads the plugin. */
export function load(app) {
  const entries = entryNames();
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      module.name = entries.get(fileOf(project, module)) ?? module.name;
    }
    documentMethods(project.getChildByName(["heddle"]));
    for (const parent of project.getReflectionsByKind(ReflectionKind.SomeModule)) {
      const isInNamespace = parent.kindOf(ReflectionKind.Namespace) || parent.name.includes("/");
      for (const child of parent.children ?? []) {
        const file = fileOf(project, child.isReference() ? child.getTargetReflectionDeep() : child);
        if (file === undefined) continue;
        const category = child.kindOf(ReflectionKind.Namespace) ? "Namespaces" : categoryOf(file, isInNamespace);
        const documented = child.signatures?.[0] ?? child;
        // What has no words of its own: another's place, a namespace. Of all else TypeDoc is to miss them.
        if (child.isReference() || child.kindOf(ReflectionKind.Namespace)) documented.comment ??= new Comment();
        if (documented.comment === undefined) continue;
        documented.comment.blockTags.push(new CommentTag("@category", [{ kind: "text", text: category }]));
      }
    }
  });
}
