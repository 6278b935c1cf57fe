"""How a batch size is trained: the engines, the jobs around them, and the check that they train as `Model.fit`."""
