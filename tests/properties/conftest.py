"""Settings of the property tests: the same examples in every run, no time limits."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "rushlight",
    max_examples=80,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
settings.load_profile("rushlight")
