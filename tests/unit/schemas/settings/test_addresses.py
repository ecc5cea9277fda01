import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.settings.addresses import Address
from tests.rows import each_row

ADDRESS: TypeAdapter[str] = TypeAdapter(Address)


@each_row(
    "given, taken",
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        (" http://[::1]:8000/v1/\n", "http://[::1]:8000/v1/"),
        ("https://x.example/chat/completions-proxy/v1", None),
    ],
)
def test_address_is_taken_without_white_space_around_it(given: str, taken: str | None) -> None:
    assert ADDRESS.validate_python(given) == (taken or given)


@each_row("given", ["http://host :80/v1", "http://host/v1 /x", "http://ho\tst/v1"])
def test_address_with_a_blank_in_it_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="without a blank in it"):
        ADDRESS.validate_python(given)


@each_row("call", ["/chat/completions", "/embeddings", "/responses/"])
def test_address_of_a_call_is_refused_with_that_of_the_api(call: str) -> None:
    with pytest.raises(ValidationError, match=f"address of the API, without {call.rstrip('/')}"):
        ADDRESS.validate_python(f"https://api.openai.com/v1{call}")
