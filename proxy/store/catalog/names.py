"""Wishes for models (ids, `tag:NAME`, globs) in, model ids out; knows no plan, price or health."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from proxy.store.catalog.rows import ModelRow


def expand(wishes: Iterable[str], models: Mapping[str, ModelRow]) -> tuple[str, ...]:
    """Every model wished for, once, in the order of the wishes and within one wish in the catalog's order."""
    return tuple(dict.fromkeys(model_id for wish in wishes for model_id in matching(wish, models)))


def matching(wish: str, models: Mapping[str, ModelRow]) -> tuple[str, ...]:
    """The models that one wish means; empty when it means none."""
    if wish in models:
        return (wish,)
    if wish.startswith("tag:"):
        return tuple(model.id for model in models.values() if wish.removeprefix("tag:") in model.tags)
    return tuple(model_id for model_id in models if fnmatchcase(model_id, wish))
