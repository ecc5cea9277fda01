"""What holds for all integration tests."""

from hypothesis import HealthCheck, settings

# A machine that is busy with other work is no fault of a test.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")
