"""HTML in which text is escaped unless it was made by `tag`."""

from html import escape

VOID = {"img", "input", "meta"}


class Markup(str):
    """A string that is HTML already."""


def tag(name: str, *children: str, **attributes: str | int | float | bool | None) -> Markup:
    """An element; children that are no Markup are text, and are escaped.

    Attributes are written `class_`, `data_value`; None and False leave one out, True gives it without a value.
    """
    written = "".join(attribute(key, value) for key, value in attributes.items() if value is not None)
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str) -> Markup:
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def attribute(key: str, value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return f" {name_of(key)}" if value else ""
    return f' {name_of(key)}="{escape(str(value), quote=True)}"'


def name_of(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
