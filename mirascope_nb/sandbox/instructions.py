"""What a prompt says in words about the JSON it wants."""

import json
import re

from mirascope_nb.sandbox.jsonvalue import Object, is_object


def schema_in_text(text: str) -> Object | None:
    """A JSON schema written out in a prompt, as instructions for JSON replies do."""
    start = text.lower().find("schema")
    while (start := text.find("{", start)) >= 0 and "schema" in text[:start].lower():
        try:
            parsed, _ = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            start += 1
            continue
        if is_object(parsed) and ({"properties", "$defs", "$ref"} & parsed.keys()):
            return parsed
        start += 1
    return None


def keys_in_text(text: str) -> list[str]:
    """The keys that a prompt wants in a JSON object, such as `with keys title and author`."""
    found = re.search(r"\b(?:keys?|fields?|properties)\b:?\s+(.+?)(?=[.\n]|$)", text, re.IGNORECASE)
    if found is None:
        return []
    return re.findall(
        r"[A-Za-z_]\w*(?=\W|$)", re.sub(r"\b(?:and|or|the|called|named)\b", " ", found[1])
    )
