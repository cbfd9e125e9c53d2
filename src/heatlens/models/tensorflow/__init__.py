"""TensorFlow functions and SavedModels."""
