import pytest

from odahu_pack_core.errors import RegistryError
from odahu_pack_core.registry.distribution.retrying import MOST_TRIES, PassingError, persist, retry_after


class Attempts:
    """Fails as often as it is told to; each try gets some way further."""

    def __init__(self, failures, step=0, **failure):
        self.left, self.step, self.failure = failures, step, failure
        self.made = self.reached = 0

    def __call__(self):
        self.made += 1
        self.reached += self.step
        if self.left:
            self.left -= 1
            raise PassingError("it broke", **self.failure)
        return "done"


def test_what_succeeds_is_done_once(time):
    attempts = Attempts(0)
    assert persist(attempts, time.clock) == "done"
    assert (attempts.made, time.slept) == (1, [])


def test_waiting_grows_but_stays_bounded(time):
    attempts = Attempts(MOST_TRIES - 1)
    assert persist(attempts, time.clock) == "done"
    assert len(time.slept) == MOST_TRIES - 1
    assert all(0.5 <= seconds <= 16.5 for seconds in time.slept)
    assert time.slept[0] <= 1.0


def test_at_some_point_it_is_enough(time):
    attempts = Attempts(1000)
    with pytest.raises(RegistryError, match=rf"it broke \({MOST_TRIES} tries\)") as caught:
        persist(attempts, time.clock)
    assert attempts.made == MOST_TRIES
    assert not isinstance(caught.value, PassingError)  # who asked for it does not begin anew


def test_other_errors_are_final(time):
    def fails():
        raise RegistryError("no")

    with pytest.raises(RegistryError, match=r"^no$"):
        persist(fails, time.clock)
    assert time.slept == []


def test_a_failure_may_allow_fewer_tries(time):
    attempts = Attempts(1000, tries=2)
    with pytest.raises(RegistryError):
        persist(attempts, time.clock)
    assert attempts.made == 2


def test_progress_lets_it_count_anew(time):
    attempts = Attempts(50, step=1)
    assert persist(attempts, time.clock, lambda: attempts.reached) == "done"
    assert attempts.made == 51


def test_a_registry_may_say_how_long_to_wait(time):
    persist(Attempts(2, wait=7.0), time.clock)
    assert time.slept == [7.0, 7.0]


def test_a_registry_that_asks_for_too_much_is_not_waited_for(time):
    with pytest.raises(RegistryError, match=r"it asks to wait 21600 seconds"):
        persist(Attempts(1, wait=21600.0), time.clock)
    assert time.slept == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, None), ("", None), ("7", 7.0), ("-7", None), ("soon", None), ("9" * 50, 999_999_999.0),
     ("Sun, 09 Sep 2001 01:46:50 GMT", 10.0), ("Sun, 09 Sep 2001 01:46:00 GMT", 0.0),
     ("Sun, 99 Sep 2001 01:46:00 GMT", None)],
)  # fmt: skip
def test_how_long_to_wait(header, expected, time):
    assert retry_after(header, time.clock) == expected
