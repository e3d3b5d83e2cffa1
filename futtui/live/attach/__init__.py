"""A screen in a process of its own: the door of an engine that runs without one, and the engine as seen through it."""
