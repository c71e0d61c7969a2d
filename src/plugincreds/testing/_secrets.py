"""What nobody may see of a plugin's values."""

from collections.abc import Iterable

from plugincreds._contract import Value

_SHORTEST = 8  # letters; what is shorter is found in any text


class Secrets:
    """The keys and tokens that a test has come to know. Shown, they tell nothing."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}

    def add(self, value: Value) -> None:
        """Note the parts of a value."""
        self._kinds[value.access_key] = "access key"
        self._kinds[value.secret_key] = "secret key"
        if value.token:
            self._kinds[value.token] = "token"

    def add_given(self, given: object) -> None:
        """Note what the fixture failing returned: nothing, a str, or several."""
        texts = [given] if isinstance(given, str) else given if isinstance(given, Iterable) else ()
        self._kinds |= {str(text): "secret of the fixture failing" for text in texts}

    @property
    def are_too_short(self) -> bool:
        """Whether one of them cannot be told from other text."""
        return any(len(secret) < _SHORTEST for secret in self._kinds)

    def kind_in(self, text: str) -> str:
        """Return what a text shows, such as "token", or nothing."""
        return next((kind for secret, kind in self._long() if secret in text), "")

    def hidden_in(self, text: str) -> str:
        """Return a text with their names in their place."""
        for secret, kind in self._long():
            text = text.replace(secret, f"[{kind}]")
        return text

    def _long(self) -> list[tuple[str, str]]:
        # The longest first: one may be a part of another one.
        long = [item for item in self._kinds.items() if len(item[0]) >= _SHORTEST]
        return sorted(long, key=lambda item: -len(item[0]))

    def __repr__(self) -> str:
        """Show how many there are."""
        return f"Secrets(<{len(self._kinds)} not shown>)"
