// What docs/compatibility.md says beside names: where ours is another name, what differs, and what there is instead.

/** Our names, where they do not follow from Keras's. */
export const aliases = {
  layers: {
    InputLayer: ["InputLayer", "input"],
    ReLU: ["ReLU", "relu"],
    PReLU: ["PReLU", "prelu"],
    LeakyReLU: ["LeakyReLU", "leakyRelu"],
    GroupQueryAttention: ["GroupedQueryAttention", "groupedQueryAttention"],
    ConvLSTM1D: ["ConvLSTM1D", "convLstm1d"],
    ConvLSTM2D: ["ConvLSTM2D", "convLstm2d"],
    ConvLSTM3D: ["ConvLSTM3D", "convLstm3d"],
  },
  optimizers: {
    AdamW: ["AdamW", "adamw"],
    RMSprop: ["RMSprop", "rmsprop"],
  },
  regularizers: {
    L1L2: ["l1l2"],
    OrthogonalRegularizer: ["orthogonal"],
  },
};

/** What differs where the name is there. */
export const differences = {
  layers: {
    Lambda: "its output shape is not guessed: give `outputShape` in functional models",
    Layer: "`call` gets a context with `training`, `mask` and `addLoss`",
  },
  optimizers: {
    Optimizer:
      "with `gradientAccumulationSteps`, averages of weights and schedules count updates, not the gradients between them",
    Adafactor: "no `relativeStep`, which changes nothing in Keras either",
  },
  callbacks: {
    ModelCheckpoint: "saves the weights, as safetensors",
    TensorBoard: "scalars and histograms of weights",
  },
};

/** What there is instead of a name that only makes sense in Python or on other backends. */
export const elsewhere = {
  layers: {
    FlaxLayer: "wraps a Python library",
    JaxLayer: "wraps a Python library",
    TorchModuleWrapper: "wraps a Python library",
    InputSpec: "layers check shapes in `outputShape`",
    Wrapper: "subclass `Layer` and hold a layer: it is found",
    Pipeline: "`Sequential`",
  },
  optimizers: {
    MultiOptimizer: "`groups` of an optimizer's variables, with learning rates and weight decays of their own",
    OptimizerMap: "`groups`",
  },
  schedules: {
    LearningRateSchedule: "any function of the number of finished steps, written with ops",
  },
  callbacks: {
    OrbaxCheckpoint: "wraps a Python library",
  },
  initializers: {
    Initializer: "any function of the shape",
  },
  regularizers: {
    Regularizer: "any function of the weight",
  },
  constraints: {
    Constraint: "any function of the weight",
  },
};
