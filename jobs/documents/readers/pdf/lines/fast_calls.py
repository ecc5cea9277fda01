"""PDFium's functions that are called for every glyph or object, without pypdfium2's conversions."""

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]


def address_function(name: str, *arguments: Any) -> Callable[..., int | None]:  # noqa: ANN401
    """PDFium's function of this name, which takes and gives addresses as numbers; None for 0.

    `arguments` are the types of those after the first, which is an address.
    """
    address = ctypes.cast(getattr(pdfium_c, name), ctypes.c_void_p).value
    assert address is not None
    return ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, *arguments)(address)
