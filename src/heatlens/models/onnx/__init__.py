"""ONNX files through onnxruntime."""
