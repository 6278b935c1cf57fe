"""How the config writes a name from a library: alone, or with its arguments."""


def name_and_arguments(spec: dict | str) -> tuple[str, dict]:
    """`{name: arguments}`, or a name alone, as (name, arguments)."""
    if isinstance(spec, str):
        return spec, {}
    [(name, arguments)] = spec.items()
    return name, arguments
