"""What the batch size does to the training of a neural network, with evidence."""

__version__ = "0.1.0"
