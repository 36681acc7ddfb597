"""How large a request may be in each of its dimensions; numbers only, set by the operator, never read from a request."""

from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class IntakeLimits:
    """Bounds on one request body; what lies above is refused before any work. The size of the body itself is bounded
    where it is read.

    `nesting_max` counts objects and lists inside each other and must stay below 250, for a deeper value cannot be written
    again. `name_chars_max` bounds every identifier that may be stored: model names, end users, conversation and call ids.
    """

    nesting_max: int = 64
    fields_max: int = 128
    messages_max: int = 4_096
    parts_max: int = 1_024
    images_max: int = 256
    tools_max: int = 512
    inputs_max: int = 2_048
    models_max: int = 16
    vetoes_max: int = 64
    name_chars_max: int = 256
    url_chars_max: int = 8_192
    metadata_max: int = 16
    metadata_key_chars_max: int = 64
    metadata_value_chars_max: int = 256
