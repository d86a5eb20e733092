"""Keras on TensorFlow with its default settings, only the number of threads is given: by `fit` and `predict` as its users
train and ask, or (without the option "fit") as a bare compiled step over batches that are tensors already."""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf
from keras import layers

import inputs
from serve import serve


def cnn():
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2), layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])


def mlp():
    return keras.Sequential([
        keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax")])


def conv_bn():
    def block(filters, strides):
        return [layers.Conv2D(filters, 3, strides, "same", use_bias=False), layers.BatchNormalization(), layers.ReLU()]
    return keras.Sequential([
        keras.Input((32, 32, 3)), *block(32, 1), *block(64, 2), *block(128, 2), *block(128, 1),
        layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax")])


def row_reader():
    return keras.Sequential([keras.Input((28, 28)), layers.LSTM(128), layers.Dense(10, activation="softmax")])


class Fit:
    """One call of `fit` a step, over all the examples."""

    def __init__(self, model, data, per_example, options):
        images, labels = data
        self.model, self.images, self.labels, self.batch = model, images, labels, options["batch"]
        self.amount_per_step = len(images) * per_example
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")

    def step(self):
        history = self.model.fit(self.images, self.labels, batch_size=self.batch, shuffle=False, verbose=0)
        self.loss = history.history["loss"][0]

    def check(self):
        return self.loss


class Step:
    """One compiled step over one batch."""

    def __init__(self, model, data, per_example, options):
        images, labels = (tf.constant(part) for part in data)
        batch = options["batch"]
        self.batches = [(images[i:i + batch], labels[i:i + batch]) for i in range(0, len(images) - batch + 1, batch)]
        self.at, self.amount_per_step = 0, batch * per_example
        optimizer, loss_of = keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy()
        optimizer.build(model.trainable_variables)

        @tf.function
        def train(x, y):
            with tf.GradientTape() as tape:
                loss = loss_of(y, model(x, training=True))
            optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
            return loss

        self.train = train

    def step(self):
        x, y = self.batches[self.at % len(self.batches)]
        self.at += 1
        self.loss = self.train(x, y)

    def check(self):
        return float(self.loss)


class Inference:
    """One batch a step: by `predict`, or by the compiled model."""

    def __init__(self, options):
        model = cnn()
        self.amount_per_step = batch = options["batch"]
        x = inputs.digits(options["mnist"], batch, (28, 28, 1))[0]
        if options.get("fit"):
            self.answer = lambda: model.predict(x, batch_size=batch, verbose=0)
        else:
            compiled, given = tf.function(lambda x: model(x, training=False)), tf.constant(x)
            self.answer = lambda: compiled(given)

    def step(self):
        self.y = self.answer()

    def check(self):
        return float(tf.reduce_sum(self.y)) / self.amount_per_step


def training(options):
    return Fit if options.get("fit") else Step


TASKS = {
    "cnn-training": lambda options: training(options)(
        cnn(), inputs.digits(options["mnist"], options["images"], (28, 28, 1)), 1, options),
    "mlp-training": lambda options: training(options)(
        mlp(), inputs.digits(options["mnist"], options["images"], (784,)), 1 / options["batch"], options),
    "lstm-training": lambda options: training(options)(
        row_reader(), inputs.digits(options["mnist"], options["images"], (28, 28)), 1, options),
    "convbn-training": lambda options: training(options)(
        conv_bn(), inputs.patterns(options["images"]), 1, options),
    "cnn-inference": Inference,
}


def set_up(options):
    threads = options["threads"]
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.set_random_seed(0)
    return f"intra and inter op threads {threads}, all else by default, Keras on {keras.backend.backend()} {tf.__version__}"


serve(keras.__version__, set_up, TASKS)
