"""A model with two branches: a linear one, and a hidden layer. studies/diabetes.yaml trains it."""

import keras


def build(input_shape, outputs, units):
    features = keras.Input(input_shape)
    hidden = keras.layers.Dense(units, activation="relu")(features)
    return keras.Model(
        features, keras.layers.Add()([keras.layers.Dense(outputs)(features), keras.layers.Dense(outputs)(hidden)])
    )
