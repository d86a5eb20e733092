// Adapts the declarations to exactOptionalPropertyTypes: optional properties may also be undefined, as in the library itself,
// which is compiled without that option.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";

/** Adds undefined to each optional property in the declarations of a folder. */
export function allowUndefined(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = `${folder}/${name}`;
    writeFileSync(path, withUndefined(readFileSync(path, "utf8")));
  }
}

/** The text of a module's declarations, `x?: T` in it having become `x?: (T) | undefined`, and methods such properties. */
export function withUndefined(text) {
  const parts = [];
  let at = 0;
  /** Replaces the text from `begin` to `end`. */
  const put = (words, begin, end = begin) => {
    parts.push(text.slice(at, begin), words);
    at = end;
  };
  const visit = (node) => {
    const isOptional = node.questionToken !== undefined && node.type !== undefined;
    if (isOptional && ts.isMethodSignature(node)) {
      put(": (", node.questionToken.end);
      node.parameters.forEach(visit);
      put(") => ", node.parameters.end, node.type.getStart());
    } else if (isOptional && (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node))) {
      put("(", node.type.getStart());
      visit(node.type);
    } else return ts.forEachChild(node, visit);
    put(") | undefined", node.type.end);
  };
  visit(ts.createSourceFile("module.d.ts", text, ts.ScriptTarget.Latest, true));
  return parts.join("") + text.slice(at);
}
