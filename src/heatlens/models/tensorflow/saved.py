"""SavedModels on disk: what operations they run, looked at before they are loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from heatlens.errors import InvalidArgument, UntrustedPickle, WeightsUnavailable

__all__ = ["read"]

_IN_MEMORY = re.compile(
    r"Var(Handle|IsInitialized)Op|Variable(V2|Shape)?|ReadVariableOp|Assign(Add|Sub)?VariableOp"
    r"|(DestroyTemporary|Temporary)Variable|DestroyResourceOp|DisableCopyOnRead|_Arg"
    r"|Resource(Gather|GatherNd|Scatter\w+|StridedSliceAssign|(Sparse)?Apply\w+|CountUpTo)"
    r"|If|While|Case|StatefulPartitionedCall|Assert|CheckNumerics(V2)?|GuaranteeConst|DeepCopy"
    r"|Empty|Timestamp|TensorArray\w*|Stack\w*|CudnnRNN\w*"
    r"|Random(Crop|Gamma|Poisson|PoissonV2|Shuffle|StandardNormal|Uniform|UniformInt)"
    r"|Stateful(Random|Standard|Truncated|Uniform)\w*|(Parameterized)?TruncatedNormal|Multinomial"
    r"|Rng(ReadAndSkip|Skip)|NonDeterministicInts|StatelessRandomGetAlg"
    r"|SampleDistortedBoundingBox(V2)?"
    r"|(Anonymous)?(Mutable(Dense)?)?HashTable(OfTensors)?(V2)?"
    r"|LookupTable(Find|Size|Import|Export|Insert|Remove)(V2)?|InitializeTable(V2)?"
)
"""Operations with a state that all stays in the process: variables, tables, random numbers."""

_REACHING_OUT = re.compile(
    r"\w*Dataset\w*|ReadFile|MatchingFiles|PyFuncStateless|GenerateVocabRemapping"
    r"|InitializeTableFromTextFile|Debug\w+|(De|En)codeProto\w*|Abort"
)
"""Operations that TensorFlow calls stateless, and that read files, call Python or end it."""

_READING = re.compile(r"Restore(V2|Slice)?")
_WRITING = re.compile(r"Save(V2|Slices)?|MergeV2Checkpoints")
_PRINTING = re.compile(rb"|stdout|stderr|log\((info|warning|error)\)")  # none is stderr


def read(tensorflow: Any, path: Path, *, trusted: bool) -> Any:
    """The SavedModel in a folder.

    Only functions of tensors, variables and tables in memory are loaded. An operation with any
    other state (files, data sets, summaries, queues, Python) is refused, but for the reading and
    writing of checkpoints in the SavedModel's own saver, which no other function may call.

    Args:
        tensorflow: the package.
        path: the folder, with `saved_model.pb` inside.
        trusted: load it whatever its functions do.

    Raises:
        WeightsUnavailable: there is no such folder, or no SavedModel in it.
        UntrustedPickle: its functions reach beyond their tensors.
        InvalidArgument: it is damaged.
    """
    file = path / "saved_model.pb"
    if not file.is_file():
        raise WeightsUnavailable(
            f"there is no SavedModel at {str(path)!r}: a folder with saved_model.pb in it, as "
            "tf.saved_model.save or model.export() write it"
        )
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        saved.ParseFromString(file.read_bytes())
    except Exception as error:
        raise InvalidArgument(f"{str(file)!r} is damaged: {error}") from error
    found = [] if trusted else sorted({name for graph in saved.meta_graphs for name in _bad(graph)})
    if found:
        raise UntrustedPickle(
            f"{str(path)!r} has functions that may touch files, call Python or reach elsewhere ({', '.join(found)}). "
            "trust_pickle=True loads it, if you trust whoever wrote it"
        )
    try:
        return tensorflow.saved_model.load(str(path))
    except Exception as error:  # whatever its reader stumbles over
        raise InvalidArgument(
            f"{str(path)!r} is no SavedModel that TensorFlow {tensorflow.__version__} reads: "
            f"{str(error).strip().split(chr(10))[0][:300]}"
        ) from error


def _bad(graph: Any) -> Iterator[str]:
    """Names of operations that reach beyond tensors, outside the part that each belongs in."""
    nodes = {node.name: node for node in graph.graph_def.node}
    functions = {item.signature.name: item for item in graph.graph_def.library.function}
    reading = _before(nodes, [graph.saver_def.restore_op_name])
    writing = _before(nodes, [graph.saver_def.save_tensor_name])
    ends = [
        *(name for name in nodes if name not in reading and name not in writing),
        *(info.name for item in graph.signature_def.values() for info in item.outputs.values()),
        *(name for item in graph.collection_def.values() for name in item.node_list.value),
    ]
    rest = _before(nodes, ends)
    parts = [[nodes[name] for name in part] for part in (rest, reading, writing)]
    within = [_called(functions, part) for part in parts[1:]]
    # Whatever is not the saver's alone can be called by anything.
    free = set(functions) - (within[0] | within[1])
    free |= set(graph.object_graph_def.concrete_functions)
    free |= _called(functions, parts[0])
    free |= _called(functions, [node for name in free for node in _body(functions, name)])
    names = [free, within[0] - free, within[1] - free]
    for part, inside, known in zip(parts, names, (None, _READING, _WRITING), strict=True):
        bodies = (node for name in inside for node in _body(functions, name))
        for node in (*part, *bodies):
            if not _is_safe(node) and (known is None or not known.fullmatch(node.op)):
                yield node.op


def _is_safe(node: Any) -> bool:
    from tensorflow.python.framework import op_def_registry

    if _REACHING_OUT.fullmatch(node.op):
        return False
    if node.op == "PrintV2":
        return _PRINTING.fullmatch(node.attr["output_stream"].s) is not None
    known = op_def_registry.get(node.op)
    # TensorFlow itself says of an operation it does not know that it cannot load it.
    return known is None or not known.is_stateful or bool(_IN_MEMORY.fullmatch(node.op))


def _before(nodes: dict[str, Any], ends: Iterable[str]) -> set[str]:
    """The nodes that have to run for some to run, and these themselves."""
    found: set[str] = set()
    waiting = list(ends)
    while waiting:
        name = waiting.pop().removeprefix("^").split(":")[0]
        if name in nodes and name not in found:
            found.add(name)
            waiting.extend(nodes[name].input)
    return found


def _called(functions: dict[str, Any], nodes: Iterable[Any]) -> set[str]:
    """Names of the functions that nodes call, and that these call."""
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        names = [node.op, *(item.func.name for item in node.attr.values())]
        names += [one.name for item in node.attr.values() for one in item.list.func]
        for name in names:
            if name in functions and name not in found:
                found.add(name)
                waiting.extend(_body(functions, name))
    return found


def _body(functions: dict[str, Any], name: str) -> list[Any]:
    return list(functions[name].node_def) if name in functions else []
