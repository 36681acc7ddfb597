"""What a proof says: claims with what was seen, printed as they come; a case holds when all of them do."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Case:
    """One row of the table. `must` is what has to be seen, in words; claims are filled in as the case runs; or `not_run`
    says why this machine cannot show it. `pages` are whole pages of docs/proofs, by file name, that come of it, `parts` what
    stands between the marks of this name on its own page."""

    name: str
    must: str
    claims: list[tuple[str, bool]] = field(default_factory=list)
    not_run: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    def claim(self, seen: str, holds: bool) -> None:
        """Notes and prints one thing that was seen, and whether it is what must be."""
        self.claims.append((seen, holds))
        print(f"    {'holds' if holds else 'BROKEN'}  {seen}", flush=True)

    @property
    def holds(self) -> bool:
        return bool(self.not_run or self.claims) and all(holds for _, holds in self.claims)

    @property
    def row(self) -> str:
        """The case as a line of a Markdown table."""
        seen = "; ".join(seen for seen, _ in self.claims)
        verdict = "yes" if self.holds else "**no**"
        return f"| {self.name} | {self.must} | {self.not_run or seen} | {'not run' if self.not_run else verdict} |"
