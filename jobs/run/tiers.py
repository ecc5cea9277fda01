"""What service tiers cost."""

from schemas.settings import RunSettings


def tier_shares(settings: RunSettings) -> dict[str, float]:
    """What service tiers cost, as shares of the live price."""
    return {**settings.tiers.model_dump(), "batch": settings.batch.price_share}
