"""What the price of an image depends on: its size and quality in the words of its model; never the image itself."""

from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """One choice of size and quality; None where nothing is chosen."""

    size: str | None = None
    quality: str | None = None


@dataclass(frozen=True, slots=True)
class ImagePrice:
    """What an image of one size and quality costs, in nano-USD for a million as all prices are. A model that is not told one
    of the two has None for it."""

    picture: Picture
    image: int

    def fits(self, wanted: Picture) -> bool:
        """Whether this is what was asked for, as far as anything was."""
        mine = self.picture
        return wanted.size in (None, mine.size) and wanted.quality in (None, mine.quality)
