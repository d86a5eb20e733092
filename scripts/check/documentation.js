// What the documentation of public functions must say: shapes, defaults, errors. It asks TypeScript's own checker what
// ts/index.ts exports, so that everything public is looked at, however it is declared.
import { relative } from "node:path";
import ts from "typescript";

const ENTRY = "ts/index.ts";

/** Classes whose methods are looked at too. */
const CLASSES = new Set(["Model", "Sequential"]);

/** Public functions, classes that people construct and methods of models whose documentation leaves out what it must say. */
export function checkDocumentation() {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
  const program = ts.createProgram([ENTRY], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const seen = new Set();
  const problems = new Set();
  /** Whether it is new, and not internal. Names are exported from several places; the first counts. */
  const isNew = (symbol) => {
    const isInternal = symbol.getJsDocTags(checker).some(({ name }) => name === "internal");
    return !isInternal && !seen.has(symbol) && seen.add(symbol);
  };
  const look = (symbol, name) => {
    for (const [at, what] of missingOf(checker, symbol))
      problems.add(`${placeOf(at)}: ${at === symbol ? name : at.name} ${what}`);
  };
  const visit = (module, path) => {
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (symbol.flags & ts.SymbolFlags.ValueModule) visit(symbol, `${path}${exported.name}.`);
      if (!(symbol.flags & ts.SymbolFlags.Value) || !isNew(symbol)) continue;
      look(symbol, path + exported.name);
      if (!CLASSES.has(symbol.name)) continue;
      for (const method of symbol.members.values())
        if (isPublicMethod(method) && isNew(method)) look(method, `${exported.name}.${method.name}`);
    }
  };
  visit(checker.getSymbolAtLocation(program.getSourceFile(ENTRY)), "");
  return [...problems];
}

function isPublicMethod({ flags, declarations }) {
  const [declaration] = declarations;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
  const named = declaration.name && ts.isIdentifier(declaration.name);
  return flags & ts.SymbolFlags.Method && named && !(ts.getCombinedModifierFlags(declaration) & hidden);
}

function placeOf({ valueDeclaration, declarations }) {
  const declaration = valueDeclaration ?? declarations[0];
  const file = declaration.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(declaration.getStart());
  return `${relative(process.cwd(), file.fileName)}:${line + 1}`;
}

const textOf = (checker, symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker));

/** What the documentation of a function, a class or their options must say and does not: pairs of who and what. */
function missingOf(checker, symbol) {
  const type = checker.getTypeOfSymbolAtLocation(symbol, symbol.valueDeclaration);
  const calls = type.getCallSignatures();
  const signatures = calls.length > 0 ? calls : type.getConstructSignatures();
  const text = textOf(checker, symbol);
  if (signatures.length === 0 || text.startsWith("Another name of {@link ")) return [];
  const missing = [];
  if (calls.length > 0) {
    if (!/\bShapes:\s/.test(text) && takesTensors(checker, calls)) {
      missing.push([symbol, "must say its shapes, as in: Shapes: `[batch, features]` -> `[batch, units]`."]);
    }
    if (!/\bErrors:\s/.test(text)) {
      missing.push([symbol, "must say its errors, as in: Errors: ShapeError unless both have as many columns."]);
    }
  }
  for (const { parameters } of signatures) {
    for (const parameter of parameters) missing.push(...defaultsOf(checker, symbol, parameter, text, calls.length > 0));
  }
  return missing;
}

const TENSORS = /\b(Tensor|AnyTensor|TensorLike|Variable)\b/;

/** Whether signatures speak of tensors, or make layers or metrics, which do. */
function takesTensors(checker, signatures) {
  return signatures.some((signature) => {
    const result = signature.getReturnType();
    const types = [result, ...signature.parameters.map((parameter) => typeOf(checker, parameter))];
    return types.some((type) => TENSORS.test(checker.typeToString(type))) || isOneOf(result, ["Layer", "Metric"]);
  });
}

function isOneOf(type, classes) {
  return classes.includes(type.symbol?.name) || (type.getBaseTypes?.() ?? []).some((base) => isOneOf(base, classes));
}

function typeOf(checker, symbol) {
  return checker.getNonNullableType(checker.getTypeOfSymbol(symbol));
}

/** Optional arguments and options without a word about what they are if left out. */
function defaultsOf(checker, symbol, parameter, text, isCall) {
  const type = typeOf(checker, parameter);
  if (/^[\w.& ]*Options\b/.test(checker.typeToString(type))) {
    return type
      .getProperties()
      .filter((option) => {
        const isOwn = option.declarations?.every((one) =>
          relative(process.cwd(), one.getSourceFile().fileName).startsWith("ts/"),
        );
        return isOwn && option.flags & ts.SymbolFlags.Optional && !/\bdefault/i.test(textOf(checker, option));
      })
      .map((option) => [option, "must say its default, as in: Default 1."]);
  }
  // No options that could be named.
  if (type.flags & ts.TypeFlags.NonPrimitive) return [];
  const declaration = parameter.valueDeclaration;
  const isOptional =
    declaration && ts.isParameter(declaration) && (declaration.questionToken || declaration.initializer);
  const isSaid = new RegExp(`\\b${parameter.name}\\b`).test(text) && /\bdefault/i.test(text);
  return isCall && isOptional && !isSaid ? [[symbol, `must say the default of ${parameter.name}`]] : [];
}
