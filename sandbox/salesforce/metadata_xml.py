"""XML of the Metadata API: what arrives as plain values, what leaves in an envelope."""

from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import escape

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_LISTS = frozenset({"value", "fields", "fieldPermissions", "objectPermissions", "types", "members"})
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

Tree = dict[str, object]


class UnreadableXmlError(Exception):
    """Not well formed."""


def parsed(text: bytes) -> ElementTree.Element:
    try:
        # Expat of our own Python on loopback; entity bombs are refused by it.
        return ElementTree.fromstring(text)  # noqa: S314
    except ElementTree.ParseError as error:
        raise UnreadableXmlError(str(error)) from None


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def first(root: ElementTree.Element, name: str) -> ElementTree.Element | None:
    """The first element of this name anywhere below, in any namespace."""
    return next((node for node in root.iter() if local(node.tag) == name), None)


def text_of(root: ElementTree.Element, name: str) -> str:
    node = first(root, name)
    return (node.text or "").strip() if node is not None else ""


def type_of(node: ElementTree.Element) -> str:
    """The metadata type an element declares itself to be."""
    return node.get(_TYPE, "").rpartition(":")[2]


def tree(node: ElementTree.Element) -> Tree:
    """An element's children by name: text, a tree, or a list of those where they may repeat."""
    values: Tree = {}
    for child in node:
        name = local(child.tag)
        value: object = tree(child) if len(child) else child.text
        if value is None:
            continue
        if name in _LISTS:
            known = values.setdefault(name, [])
            if isinstance(known, list):
                known.append(value)
        else:
            values[name] = value
    return values


def xml(values: Mapping[str, object]) -> str:
    """Elements for values; a list repeats its element, None leaves it out."""
    parts = []
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            if isinstance(one, Mapping):
                inner = xml(one)
            else:
                inner = str(one).lower() if isinstance(one, bool) else escape(str(one))
            parts.append(f"<{name}>{inner}</{name}>")
    return "".join(parts)


def envelope(operation: str, results: list[dict[str, object]]) -> str:
    body = xml({f"{operation}Response": {"result": list(results)}})
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns="{NAMESPACE}"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
    )


def fault(code: str, message: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:sf="{NAMESPACE}"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(message)}</faultstring>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
