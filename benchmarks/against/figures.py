"""The contest's figures: who takes how long, and sends how much."""

from collections.abc import Iterator, Sequence

from benchmarks.against.models import WEIGHTS
from benchmarks.against.odahu_pack import OdahuPack
from benchmarks.against.rounds import ROUNDS, TURNS, Sample, samples
from benchmarks.measure import Spread
from benchmarks.report import Cell, Figures, paragraphs

_NOTES = f"""
Medians (lowest to highest) of {ROUNDS} rounds, with {TURNS} turns each for weights and nothing changed;
contenders take turns, and who begins changes.

The model: an elastic net on 13 features with scikit-learn, and {WEIGHTS / 1e6:.0f} MB of weights that do
not compress. Each contender begins with a folder (a GPPI project, an MLflow model, a model in BentoML's
store, a build context) and ends with the image in the same registry on loopback, under a new tag.

The same base image for all, which is in that registry and in the engine, the same package index, the
same versions of scikit-learn, NumPy and joblib. Docker builds with BuildKit.

Cold: no cache of odahu-pack or uv, and a base that no build cache knows. A second model has another name
and other weights, and the same dependencies. Where nothing changed, the Bento is not built again.

MLflow: build_docker with that base and env_manager='local', which spares it pyenv and nginx, then docker
push. BentoML: build and containerize, with neither packages of apt nor a lock, then docker push. By hand:
uv in a Dockerfile, with byte code, dependencies below the weights, then docker push.

Sent: by how much the registry's store grew.
"""


def run() -> Figures:
    """Let all contenders package and compare them with odahu-pack."""
    rows = _rows(list(samples()))
    return Figures(
        "against",
        "From a model to an image in the registry, beside other packagers",
        ("What", "Seconds", "Times odahu-pack", "MB sent"),
        list(rows),
        paragraphs(_NOTES),
    )


def _rows(found: Sequence[Sample]) -> Iterator[tuple[Cell, ...]]:
    ours = OdahuPack.title
    contenders = [ours, *sorted({sample.contender for sample in found} - {ours})]
    for scenario in dict.fromkeys(sample.scenario for sample in found):
        spreads = {
            who: Spread.of(
                [each.seconds for each in found if (each.scenario, each.contender) == (scenario, who)]
            )
            for who in contenders
        }
        for who, seconds in spreads.items():
            sent = [each.sent for each in found if (each.scenario, each.contender) == (scenario, who)]
            times = seconds.median / spreads[ours].median
            yield f"{scenario}, {who}", seconds, times, Spread.of(sent).median / 1e6
