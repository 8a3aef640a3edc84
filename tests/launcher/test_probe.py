"""A worker that is connected and consumes nothing is ended, so that the supervisor starts it again."""

from telek.launcher.probe import ConsumptionProbe, canary_age


class Bench:
    def __init__(self, age: float | None) -> None:
        self.time, self.age, self.ended, self.said = 0.0, age, 0, [""]
        self.probe = ConsumptionProbe(lambda: self.age, self._end, self.said.append, now=lambda: self.time)
        self.probe.begin()

    def _end(self) -> None:
        self.ended += 1


def test_a_stale_worker_is_ended_once_and_given_time_to_come_back() -> None:
    bench = Bench(age=500)
    assert not bench.probe.look()  # it has just been started
    bench.time = 121
    assert bench.probe.look()
    bench.time = 200
    assert not bench.probe.look()
    assert bench.ended == 1
    assert "consumed nothing for 500 s" in bench.said[-1]


def test_a_worker_that_consumes_or_that_nobody_can_ask_about_stays() -> None:
    for age in (0.0, 30.0, 75.0, None):
        bench = Bench(age)
        bench.time = 1000
        assert not bench.probe.look()
        assert bench.ended == 0


def test_a_web_process_that_is_away_says_nothing() -> None:
    assert canary_age(1) is None
