// What takes options among all that the package exports, read from its types: functions, constructors and methods.
import ts from "typescript";

/** A parameter of options. */
export interface Row {
  /** The entry, as in "heddle/worker", and the names that lead to what is exported: ["losses", "huber", "with"]. */
  readonly entry: string;
  readonly path: readonly string[];
  readonly how: "call" | "new" | "method";
  /** For a method: the class that declares it, else the name of what is exported. */
  readonly owner: string;
  /** The types of the parameters before. */
  readonly before: readonly string[];
  /** The options' names, each with the type that its value must have, as TypeScript writes it. */
  readonly options: ReadonlyMap<string, string>;
  /** Whether it may be left out. */
  readonly isOptional: boolean;
}

/** Types of records that are no options: data, and what the library itself hands on. */
const records = new Set([
  "AnyStepBatch",
  "Buffer",
  "CallContext",
  "Caller",
  "Node",
  "Outer",
  "Scoped",
  "SequenceOptions",
  "StepBatch",
  "Trained",
  "TrainingInfo",
]);

/** All rows of the entries, given by name and file; an export that several have counts once. */
export function optionRows(entries: Readonly<Record<string, string>>): Row[] {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
  const program = ts.createProgram(Object.values(entries), options);
  const checker = program.getTypeChecker();
  const seen = new Set<ts.Symbol | ts.Declaration>();
  /** One for each parameter; overloads count together. */
  const rows = new Map<string, Row>();

  function isOurs(symbol: ts.Symbol | undefined): boolean {
    return !!symbol?.declarations?.some((declaration) => declaration.getSourceFile().fileName.includes("/ts/"));
  }

  /** The type's properties, if it is one of options. */
  function optionsOf(given: ts.Type): ReadonlyMap<string, string> | undefined {
    let type = checker.getNonNullableType(given);
    if (type.flags & ts.TypeFlags.TypeParameter) type = checker.getBaseConstraintOfType(type) ?? type;
    if (type.isUnion()) {
      const parts = type.types.map(optionsOf);
      return parts.every((part) => part !== undefined) ? merged(...parts) : undefined;
    }
    if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) return undefined;
    if (checker.isArrayLikeType(type) || type.isClass() || type.getCallSignatures().length > 0) return undefined;
    if (checker.getIndexInfosOfType(type).length > 0 || type.getProperties().length === 0) return undefined;
    const symbol = type.aliasSymbol ?? type.symbol;
    // A type parameter that stands for tensors, or for whatever is disposed, is not one of options either.
    if (type.getProperties().every((property) => property.name === "dispose")) return undefined;
    if (records.has(symbol?.name ?? "") || (type.symbol?.flags ?? 0) & ts.SymbolFlags.Class) return undefined;
    if (symbol !== undefined && !isOurs(symbol)) return undefined;
    const typeOf = (property: ts.Symbol): string =>
      checker.typeToString(checker.getTypeOfSymbol(property)).replace(" | undefined", "");
    return new Map(type.getProperties().map((property) => [property.name, typeOf(property)]));
  }

  function addSignatures(type: ts.Type, row: Pick<Row, "entry" | "path" | "how" | "owner">): void {
    const signatures = row.how === "new" ? type.getConstructSignatures() : type.getCallSignatures();
    for (const { parameters } of signatures) {
      const types = parameters.map((parameter) => checker.getTypeOfSymbol(parameter));
      types.forEach((type, i) => {
        const options = optionsOf(type);
        if (options === undefined) return;
        const before = types.slice(0, i).map((type) => checker.typeToString(type));
        const declaration = parameters[i].valueDeclaration as ts.ParameterDeclaration | undefined;
        const isOptional = !!declaration && (!!declaration.initializer || !!declaration.questionToken);
        const key = `${row.how} ${row.path.join(".")} ${i}`;
        const known = rows.get(key);
        rows.set(key, {
          ...row,
          before,
          options: known === undefined ? options : merged(known.options, options),
          isOptional: isOptional || (known?.isOptional ?? false),
        });
      });
    }
  }

  function visit(entry: string, path: readonly string[], exported: ts.Symbol): void {
    if (exported.declarations?.some((declaration) => ts.isTypeOnlyExportDeclaration(declaration))) return;
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (seen.has(symbol)) return;
    seen.add(symbol);
    if (symbol.flags & ts.SymbolFlags.ValueModule) {
      for (const inner of checker.getExportsOfModule(symbol)) visit(entry, [...path, inner.name], inner);
      return;
    }
    if (!(symbol.flags & ts.SymbolFlags.Value) || !isOurs(symbol)) return;
    const type = checker.getTypeOfSymbol(symbol);
    const [owner] = path.slice(-1);
    addSignatures(type, { entry, path, how: "call", owner });
    // What functions carry, such as a loss's `with`, and what records of functions hold.
    if (!(symbol.flags & ts.SymbolFlags.Class)) {
      for (const member of type.getProperties().filter(isOurs)) {
        addSignatures(checker.getTypeOfSymbol(member), { entry, path: [...path, member.name], how: "call", owner });
      }
      return;
    }
    const isAbstract = symbol.declarations?.some(
      (declaration) => ts.getCombinedModifierFlags(declaration as ts.Declaration) & ts.ModifierFlags.Abstract,
    );
    if (!isAbstract) addSignatures(type, { entry, path, how: "new", owner });
    for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
      const declaration = member.valueDeclaration;
      if (!declaration || seen.has(declaration) || !isOurs(member)) continue;
      seen.add(declaration);
      const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
      const isInternal = ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === "internal");
      if (isInternal || ts.getCombinedModifierFlags(declaration) & hidden) continue;
      const from = (declaration.parent as ts.ClassDeclaration).name?.text ?? owner;
      addSignatures(checker.getTypeOfSymbol(member), { entry, path: [from, member.name], how: "method", owner: from });
    }
  }

  for (const [entry, file] of Object.entries(entries)) {
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    if (symbol === undefined) throw new Error(`${file} must be a module`);
    visit(entry, [], symbol);
  }
  return [...rows.values()];
}

/** The options of several types; where they differ in an option's type, both stand. */
function merged(...parts: readonly ReadonlyMap<string, string>[]): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const part of parts) {
    for (const [name, type] of part) {
      const known = all.get(name) ?? type;
      all.set(name, known === type ? type : `${known} | ${type}`);
    }
  }
  return all;
}
