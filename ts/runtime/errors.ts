// The errors Heddle throws. Every message reads `operation: what must hold, got what`.

/** Shapes that do not fit together. */
export class ShapeError extends Error {
  declare readonly name: "ShapeError";
}

/** Elements of the wrong dtype. */
export class DtypeError extends Error {
  declare readonly name: "DtypeError";
}

/** An argument outside what the operation accepts. */
export class ArgumentError extends Error {
  declare readonly name: "ArgumentError";
}

/** An operation at the wrong time: a disposed tensor, a value read while recording, a model not yet compiled. */
export class StateError extends Error {
  declare readonly name: "StateError";
}

/** Bytes that violate their format. */
export class FormatError extends Error {
  declare readonly name: "FormatError";
}

/** A NaN or an infinity where `detectAnomaly` watches. */
export class AnomalyError extends Error {
  declare readonly name: "AnomalyError";
  /** The op that produced it. */
  readonly op: string;
  /** The layer in which it was produced, as "outer/inner", if any. */
  readonly layer: string | undefined;
  /** The op whose gradient was being computed, in a backward pass. */
  readonly gradientOf: string | undefined;

  constructor(message: string, op: string, layer: string | undefined, gradientOf: string | undefined) {
    super(message);
    this.op = op;
    this.layer = layer;
    this.gradientOf = gradientOf;
  }
}

/** No room left in the engine's memory. All sizes in bytes. */
export class OutOfMemoryError extends Error {
  declare readonly name: "OutOfMemoryError";
  readonly requested: number;
  readonly inUse: number;
  readonly maximum: number;

  /** `alive` describes what is in use. */
  constructor(requested: number, inUse: number, maximum: number, alive = "") {
    super(
      `allocate: the request must fit in the engine's memory, got ${requested} bytes with ${inUse} of ${maximum} in use` +
        `${alive}; run each step in scope(() => ...), which frees what it made, dispose tensors, raise ` +
        "configure({ memory }), or use smaller batches",
    );
    this.requested = requested;
    this.inUse = inUse;
    this.maximum = maximum;
  }
}

const classes = { ShapeError, DtypeError, ArgumentError, StateError, FormatError, AnomalyError, OutOfMemoryError };

// Stacks and consoles read an error's name from its prototype, and minifiers rename classes.
for (const [name, error] of Object.entries(classes)) {
  for (const owner of [error, error.prototype]) {
    Object.defineProperty(owner, "name", { value: name, writable: true, configurable: true });
  }
}
