"""Keras models, optimizers, losses and schedules from what the config names."""
