"""Several packagings at once, in one process and in several."""

import json
import random
import threading
import time
from collections import Counter

import pytest

from tests.faults.conftest import PASSWORD
from tests.faults.ground import check_cache, dose

pytestmark = [pytest.mark.registry, pytest.mark.slow, pytest.mark.usefixtures("no_threads")]


def all_at_once(count, work):
    """Run something in threads, and return what came out or was raised."""
    gate, results = threading.Barrier(count), [None] * count

    def run(number):
        gate.wait()
        try:
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001  # shown by the test
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    return results


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("tags", ["same", "own"])
def test_threads(ground, proxy, cache, count, tags):
    images = [f"threads-{count}-{tags}{number if tags == 'own' else ''}:1" for number in range(count)]

    results = all_at_once(
        count, lambda number: dict(ground.run(proxy.host, images[number], cache, password=PASSWORD).results)
    )

    digests = {ground.tag(image) for image in images}
    assert {result["digest"] for result in results} == digests
    assert len(digests) == 1
    check_cache(cache)


def made(out):
    """Return the layers of packages that a run made itself."""
    told = [json.loads(line) for line in out.splitlines()]
    return {
        event["subject"] for event in told if (event["type"], event.get("step")) == ("progress", "layers")
    }


@pytest.mark.parametrize("count", [2, 8])
@pytest.mark.parametrize("tags", ["same", "own"])
def test_processes(ground, proxy, cache, count, tags):
    images = [f"processes-{count}-{tags}{number if tags == 'own' else ''}:1" for number in range(count)]

    started = [
        ground.start(proxy.host, image, cache, "--events", "json", password=PASSWORD) for image in images
    ]
    ended = [process.communicate(timeout=120) for process in started]

    assert [process.returncode for process in started] == [0] * count, ended
    assert len({ground.tag(image) for image in images}) == 1
    makers = Counter(subject for out, _ in ended for subject in made(out))
    assert set(makers) == {"environment", "environment-noisy"}
    assert set(makers.values()) == {1}
    check_cache(cache)


@pytest.mark.parametrize("number", dose(2, 20))
def test_who_waits_for_a_run_that_is_killed_does_its_work(ground, cache, number):
    dice = random.Random(number)
    image = f"heirs-{number}:1"
    first, *others = (ground.start(ground.upstream, image, cache, "--events", "json") for _ in range(3))
    time.sleep(dice.uniform(0.3, 1.5))
    first.kill()
    first.communicate(timeout=10)
    for process in others:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
    assert ground.tag(image)
    check_cache(cache)
    ground.run(ground.upstream, image, cache)  # the next run sweeps what the killed one left
