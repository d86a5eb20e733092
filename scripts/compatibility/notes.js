// What docs/compatibility.md says beside names: where ours is another name, what differs, and what there is instead.

/** Our names, where they do not follow from Keras's. */
export const aliases = {
  layers: { InputLayer: ["InputLayer", "input"] },
  regularizers: {
    L1L2: ["l1l2"],
    OrthogonalRegularizer: ["orthogonal"],
  },
  ops: {
    adaptive_average_pool: ["adaptiveAveragePool1d", "adaptiveAveragePool2d", "adaptiveAveragePool3d"],
    adaptive_max_pool: ["adaptiveMaxPool1d", "adaptiveMaxPool2d", "adaptiveMaxPool3d"],
    average_pool: ["avgPool1d", "avgPool2d", "avgPool3d"],
    conv: ["conv1d", "conv2d", "conv3d"],
    conv_transpose: ["conv1dTranspose", "conv2dTranspose", "conv3dTranspose"],
    depthwise_conv: ["depthwiseConv1d", "depthwiseConv2d"],
    max_pool: ["maxPool1d", "maxPool2d", "maxPool3d"],
    absolute: ["abs"],
    allclose: ["allClose"],
    amax: ["max"],
    amin: ["min"],
    arccos: ["acos"],
    arccosh: ["acosh"],
    arcsin: ["asin"],
    arcsinh: ["asinh"],
    arctan: ["atan"],
    arctan2: ["atan2"],
    arctanh: ["atanh"],
    argmax: ["argMax"],
    argmin: ["argMin"],
    concatenate: ["concat"],
    divide: ["div"],
    isclose: ["isClose"],
    isfinite: ["isFinite"],
    isinf: ["isInfinite"],
    isnan: ["isNaN"],
    logaddexp: ["logAddExp"],
    logsumexp: ["logSumExp"],
    moveaxis: ["moveAxis"],
    multiply: ["mul"],
    negative: ["neg"],
    power: ["pow"],
    searchsorted: ["searchSorted"],
    subtract: ["sub"],
    swapaxes: ["swapAxes"],
    true_divide: ["div"],
    var: ["variance"],
    separable_conv: ["separableConv1d", "separableConv2d"],
    batch_normalization: ["batchNorm"],
    layer_normalization: ["layerNorm"],
    custom_gradient: ["customGrad"],
    convert_to_tensor: ["tensor"],
    array: ["tensor"],
    dot_product_attention: ["attention"],
    scatter: ["scatterNd"],
    select: ["where"],
  },
};

/** What differs where the name is there. */
export const differences = {
  activations: {
    sparsemax: "sums to 1; Keras 3.15's does not where several numbers are kept",
  },
  layers: {
    GlobalAveragePooling1D: "sequences of which no step counts have zeros, not NaN",
    RNN: "a masked step before the first that counts gives the state that the layer began with, in Keras zeros",
    SimpleRNN: "as RNN",
    LSTM: "as RNN",
    GRU: "as RNN",
    UpSampling2D: "nearest and bilinear alone",
    MultiHeadAttention:
      "`useCausalMask` and `returnAttentionScores` are options of the layer; `slidingWindow` is `slidingWindowAttention`; with several " +
      "`attentionAxes` there are no masks of steps",
    Lambda: "its output shape is not guessed: give `outputShape` in functional models",
    Layer: "`call` gets a context with `training`, `mask` and `addLoss`",
  },
  losses: {
    CategoricalCrossentropy: "with another `axis` than the last, `labelSmoothing` counts the classes along that axis",
    CategoricalFocalCrossentropy: "likewise",
  },
  ops: {
    qr: "r and the first columns of a complete q have gradients; `mode` is an option",
    svd: "`fullMatrices` is false by default, as only the reduced factors have gradients; always all three factors",
  },
  optimizers: {
    Optimizer:
      "with `gradientAccumulationSteps`, averages of weights and schedules count updates, not the gradients between them",
    Adafactor: "no `relativeStep`, which changes nothing in Keras either",
  },
  callbacks: {
    ModelCheckpoint: "saves safetensors",
    TensorBoard: "scalars and histograms of weights",
  },
};

/** What there is instead of a name that only makes sense in Python or on other backends. */
export const elsewhere = {
  ops: {
    cond: "an `if`: programs are recorded for each signature",
    switch: "an array of functions",
    while_loop: "a loop",
    fori_loop: "a loop",
    map: "a loop, or the ops' own batch axes",
    vectorized_map: "likewise",
    vectorize: "likewise",
    scan: "a loop",
    associative_scan: "a loop",
    convert_to_numpy: "`x.data()`, `x.array()`",
    dtype: "`x.dtype`",
    shape: "`x.shape`",
    ndim: "`x.rank`",
    size: "`x.size`",
    is_tensor: "`x instanceof Tensor`",
    get_item: "`x.slice`, `gather`",
    ravel: "`reshape(x, [x.size])`",
    copy: "`variable(x)`, or any op: tensors are never changed",
    empty: "`zeros`",
    identity: "`eye`",
  },
  layers: {
    FlaxLayer: "wraps a Python library",
    JaxLayer: "wraps a Python library",
    TorchModuleWrapper: "wraps a Python library",
    InputSpec: "layers check shapes in `outputShape`",
    Wrapper: "subclass `Layer` and hold a layer: it is found",
    Pipeline: "`Sequential`",
  },
  losses: {
    Loss: "any function of labels and predictions, or `losses.defineLoss`",
  },
  metrics: {
    BinaryCrossentropy: "`binaryCrossentropy` by name in `compile`, or `new MeanMetric` of the loss",
    CategoricalCrossentropy: "`categoricalCrossentropy`, likewise",
    CategoricalHinge: "`categoricalHinge`, likewise",
    Hinge: "`hinge`, likewise",
    KLDivergence: "`klDivergence`, likewise",
    LogCoshError: "`logCosh`, likewise",
    MeanAbsoluteError: "`meanAbsoluteError`, likewise",
    MeanAbsolutePercentageError: "`meanAbsolutePercentageError`, likewise",
    MeanMetricWrapper: "`MeanMetric`",
    MeanSquaredError: "`meanSquaredError`, likewise",
    MeanSquaredLogarithmicError: "`meanSquaredLogarithmicError`, likewise",
    Poisson: "`poisson`, likewise",
    SparseCategoricalCrossentropy: "`sparseCategoricalCrossentropy`, likewise",
    SquaredHinge: "`squaredHinge`, likewise",
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
