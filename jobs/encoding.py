"""Results of stages as bytes, and back: explicit, checked, and nothing that could run code.

A file is a line of text with format, name and the SHA-256 of the rest; then a JSON tree, and the arrays that it refers
to by position, those of a frame's columns among them. Only the classes named here can come out of one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd

from forecasting.decumulation import Flag, Found, Outline, Path, Tail
from forecasting.errors import CumulusError
from forecasting.evaluation import Champion, Losses, Paths, Recipe
from forecasting.projection import GrowthPaths, Projection
from jobs.results import Derived, Fitted, Panel

__all__ = ["FORMAT", "StageFileError", "decode", "encode"]

FORMAT = "cumulus-stage-2"
CLASSES = {
    one.__name__: one
    for one in (
        Champion, Derived, Fitted, Flag, Found, GrowthPaths, Losses, Outline, Panel, Path, Paths, Projection, Recipe,
        Tail,
    )
}  # fmt: skip


class StageFileError(CumulusError):
    """A file of the stage cache that is damaged, or not what its name says."""


def encode(name: str, value: Any) -> bytes:
    """The file of a result.

    Args:
        name: Its key.
        value: Plain values, arrays, frames, lists, tuples, dictionaries by text, and the classes of this module.

    Raises:
        TypeError: Anything else.
    """
    blobs: list[bytes] = []
    tree = json.dumps(_packed(value, blobs), ensure_ascii=False, separators=(",", ":")).encode()
    sizes = json.dumps([len(tree), *map(len, blobs)]).encode()
    body = b"\n".join([sizes, b"".join([tree, *blobs])])
    return f"{FORMAT} {name} {hashlib.sha256(body).hexdigest()}\n".encode() + body


def decode(name: str, content: bytes) -> Any:
    """The result in a file.

    Raises:
        StageFileError: The file is of another format or name, or its checksum is wrong.
    """
    head, _, body = content.partition(b"\n")
    words = head.decode("ascii", errors="replace").split(" ")
    if len(words) != 3 or words[0] != FORMAT:
        raise StageFileError("it is no file of this cache")
    if words[1] != name:
        raise StageFileError("it is of another name")
    if words[2] != hashlib.sha256(body).hexdigest():
        raise StageFileError("its checksum is wrong")
    sizes, _, rest = body.partition(b"\n")
    ends = np.cumsum(json.loads(sizes)).tolist()
    parts = [rest[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return _unpacked(json.loads(parts[0]), parts[1:])


def _packed(value: Any, blobs: list[bytes]) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, list):
        return [_packed(each, blobs) for each in value]
    if isinstance(value, tuple):
        return {"tuple": [_packed(each, blobs) for each in value]}
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a dictionary of a stage has texts as keys")
        return {"dict": {key: _packed(each, blobs) for key, each in value.items()}}
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise TypeError(f"an array of {value.dtype} cannot be kept")
        blobs.append(np.ascontiguousarray(value).tobytes())
        return {"array": [len(blobs) - 1, value.dtype.str, list(value.shape)]}
    if isinstance(value, pd.DataFrame):
        if not value.index.equals(pd.RangeIndex(len(value))):
            raise TypeError("the rows of a stage's frame are numbered from 0")
        return {"frame": [[name, _packed_column(value[name], blobs)] for name in value]}
    if CLASSES.get(type(value).__name__) is type(value):
        fields = {field.name: _packed(getattr(value, field.name), blobs) for field in dataclasses.fields(value)}
        return {"class": type(value).__name__, "fields": fields}
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def _unpacked(tree: Any, blobs: list[bytes]) -> Any:
    if isinstance(tree, list):
        return [_unpacked(each, blobs) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if "tuple" in tree:
        return tuple(_unpacked(each, blobs) for each in tree["tuple"])
    if "dict" in tree:
        return {key: _unpacked(each, blobs) for key, each in tree["dict"].items()}
    if "array" in tree:
        index, dtype, shape = tree["array"]
        return np.frombuffer(blobs[index], dtype=dtype).reshape(shape).copy()
    if "frame" in tree:
        return pd.DataFrame({name: _unpacked_column(column, blobs) for name, column in tree["frame"]})
    return CLASSES[tree["class"]](**{name: _unpacked(each, blobs) for name, each in tree["fields"].items()})


def _packed_column(column: pd.Series, blobs: list[bytes]) -> Any:
    if isinstance(column.dtype, pd.Int64Dtype):
        missing = column.isna().to_numpy()
        return {"integers": _packed(column.fillna(0).to_numpy(np.int64), blobs), "missing": _packed(missing, blobs)}
    if column.dtype != object:
        return _packed(column.to_numpy(), blobs)
    codes, texts = pd.factorize(column.to_numpy())
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"column {column.name} holds other things than texts")
    return {"codes": _packed(codes, blobs), "texts": texts.tolist()}


def _unpacked_column(tree: Any, blobs: list[bytes]) -> Any:
    if "integers" in tree:
        return pd.arrays.IntegerArray(_unpacked(tree["integers"], blobs), _unpacked(tree["missing"], blobs))
    if "codes" in tree:
        texts = np.array([*tree["texts"], None], dtype=object)  # a missing one has -1
        return texts[_unpacked(tree["codes"], blobs)]
    return _unpacked(tree, blobs)
