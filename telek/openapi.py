"""What the API's description (OpenAPI) cannot read from the code by itself."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "properties": {
        "type": {"type": "string", "description": "urn:telek:problem:<code>; the code does not change."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"description": "By field, for type urn:telek:problem:invalid."},
    },
    "required": ["type", "title", "status"],
}


class BearerToken(OpenApiAuthenticationExtension):
    """The scoped token."""

    target_class = "apps.accounts.authentication.TokenAuthentication"
    name = "bearerToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A scoped token, made on the account page."}


def add_problems(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Every operation may answer with problem details."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "What was not done and why.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].setdefault("default", answer)
    return result
