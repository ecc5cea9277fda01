"""An error as the API answers it: a status, headers and `{"error": {...}}`."""

from collections.abc import Mapping

ErrorBody = dict[str, dict[str, str | None]]


class ApiError(Exception):
    """Ends the handling of one request; becomes its reply."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.kind = kind
        self.param = param
        self.headers = dict(headers or {})

    def body(self) -> ErrorBody:
        """The reply's body (schema `ErrorResponse` of the API description)."""
        fields = {"message": str(self), "type": self.kind, "param": self.param, "code": self.code}
        return {"error": fields}


def invalid(param: str, expected: str) -> ApiError:
    """The error about a parameter whose value is wrong."""
    return ApiError(400, "invalid_value", f"Invalid '{param}': {expected}.", param=param)
