"""What is computed on: TensorFlow and Keras, CPU and GPUs."""
