"""What a reply says."""

from schemas.requests import Json


def reply_text(reply: dict[str, Json]) -> str:
    """What the first choice of a chat completion says; empty if it says nothing."""
    match reply:
        case {"choices": [{"message": {"content": str(content)}}, *_]}:
            return content
    return ""
