// Reads the names of options from the types of ts/ and writes them as lists (ts/generated/options.ts): for each list that a
// file there imports, `convOptions`, the properties of the interface of that name, `ConvOptions`, and which of them are
// booleans, numbers, text or lists. Nobody keeps one by hand.
import { readFileSync } from "node:fs";
import ts from "typescript";

const IMPORT = /^import \{([^}]*)\} from "[./]*\/generated\/options\.ts"/gm;

/** `convOptions` of `ConvOptions`, `lstmOptions` of `LSTMOptions`. */
const listName = (type) => type.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]/, (start) => start.toLowerCase());

/** The source of ts/generated/options.ts, for the files of ts/. */
export function optionsSource(paths) {
  const sources = paths.map((path) => ({ path, text: readFileSync(path, "utf8") }));
  const imported = sources.flatMap(({ text }) => [...text.matchAll(IMPORT)].map(([, names]) => names));
  const asked = new Set(imported.flatMap((names) => names.replace(/ as \w+/g, "").match(/\w+/g)));
  for (const name of ["type", "Names"]) asked.delete(name);
  const types = readTypes(sources);
  const lists = new Map();
  /** The list of this name; those it is made of come before it. */
  const ask = (name) => {
    if (!lists.has(name)) {
      const found = types.get(name) ?? [];
      if (found.length !== 1) {
        const places = found.map(({ path }) => path).join(" and ");
        throw new Error(`ts/generated/options.ts: ${name} needs one type of that name, got ${places || "none"}`);
      }
      const [{ declaration, path }] = found;
      const list = ts.isInterfaceDeclaration(declaration)
        ? listOfInterface(declaration, path, ask)
        : listOfType(declaration.type, path, ask);
      lists.set(name, list);
    }
    return lists.get(name);
  };
  // In the order of their files: neighbours share words, which packs well.
  for (const name of new Set([...types.keys(), ...asked])) if (asked.has(name)) ask(name);
  return fileSource(lists);
}

/** The interfaces and type aliases of all files by their lists' names. */
function readTypes(sources) {
  const types = new Map();
  for (const { path, text } of sources) {
    const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
    for (const declaration of statements) {
      if (!ts.isInterfaceDeclaration(declaration) && !ts.isTypeAliasDeclaration(declaration)) continue;
      const name = listName(declaration.name.text);
      types.set(name, [...(types.get(name) ?? []), { declaration, path }]);
    }
  }
  return types;
}

/** What a list holds: names of its own, and whole lists of others. */
const emptyList = () => ({ own: [], others: [] });

function listOfInterface(declaration, path, ask) {
  const list = membersOf(declaration);
  for (const clause of declaration.heritageClauses ?? []) {
    for (const type of clause.types)
      include(list, listOfReference(type.expression.text, type.typeArguments, path, ask));
  }
  return list;
}

function listOfType(type, path, ask) {
  if (ts.isTypeLiteralNode(type)) return membersOf(type);
  if (ts.isIntersectionTypeNode(type)) {
    const list = emptyList();
    for (const part of type.types) include(list, listOfType(part, path, ask));
    return list;
  }
  if (ts.isTypeReferenceNode(type)) return listOfReference(type.typeName.text, type.typeArguments, path, ask);
  throw new Error(`${path}: options must be interfaces or intersections of them, got another type`);
}

function membersOf({ members }) {
  return { own: members.filter(({ name }) => name).map(({ name, type }) => name.text + markOf(type)), others: [] };
}

/** What stands behind a name whose value must be of one type, and may be nothing else. */
const MARKS = new Map([
  [ts.SyntaxKind.BooleanKeyword, "?"],
  [ts.SyntaxKind.NumberKeyword, "#"],
  [ts.SyntaxKind.StringKeyword, "@"],
  [ts.SyntaxKind.FunctionType, "!"],
  [ts.SyntaxKind.ArrayType, "*"],
  [ts.SyntaxKind.TupleType, "*"],
]);

function markOf(type) {
  if (type?.kind === ts.SyntaxKind.TypeOperator) return markOf(type.type);
  return type?.typeName?.text === "Shape" ? "*" : (MARKS.get(type?.kind) ?? "");
}

const nameOf = (marked) => marked.replace(/[?#@!*]$/, "");

/** The list of a named type, or of one that TypeScript makes of another. */
function listOfReference(type, parameters = [], path, ask) {
  if (["Partial", "Required", "Readonly"].includes(type)) return listOfType(parameters[0], path, ask);
  if (["Omit", "Pick"].includes(type)) {
    const chosen = (ts.isUnionTypeNode(parameters[1]) ? parameters[1].types : [parameters[1]]).map(
      ({ literal }) => literal.text,
    );
    const names = namesOf(listOfType(parameters[0], path, ask), ask);
    return { own: names.filter((name) => chosen.includes(nameOf(name)) === (type === "Pick")), others: [] };
  }
  ask(listName(type));
  return { own: [], others: [listName(type)] };
}

function include(list, { own, others }) {
  list.own.push(...own);
  list.others.push(...others);
}

function namesOf({ own, others }, ask) {
  return [...new Set([...own, ...others.flatMap((name) => namesOf(ask(name), ask))])];
}

function fileSource(lists) {
  const made = [...lists].map(([name, list]) => {
    const marked = namesOf(list, (other) => lists.get(other));
    const names = [...new Set(marked.map(nameOf))].map((option) => JSON.stringify(option));
    const value = [...(list.own.length > 0 ? [JSON.stringify(list.own.join(" "))] : []), ...list.others];
    return `export const ${name}: Names<${names.join(" | ") || "never"}> = [${value.join(", ")}];`;
  });
  return `// Generated from the types of options by scripts/options.js: do not edit.

/** The names K of a type's options: words, marked ? for a boolean, # a number, @ a string, ! a function, * a list, and other types' lists. */
export interface Names<K extends string = any> extends ReadonlyArray<string | Names> {
  /** Never there: it makes lists of other names another type. */
  readonly of?: (name: K) => K;
  /** All of them with the type that the value must have, "" where it may be of several, once they have been asked for. */
  all?: Map<string, string>;
}

${made.join("\n")}
`;
}
