"""The corpus packaged: an image for each good case, none for a faulty one."""

import pytest

from odahu_pack_core import OdahuPackError
from tests.plugins.triton.conftest import model_files, plan_folder
from tests.plugins.triton.corpus import cases

MENDED = {"TR131-ensemble-without-version-folder": "the empty folder is added"}


def _tag(case):
    return case.told.get("release", "24.10-py3")


@pytest.mark.parametrize("case", cases("good"), ids=str)
def test_a_good_case_is_planned(case, tmp_path):
    plan = plan_folder(case.lay_out(tmp_path / "repository"), triton_base_image_tag=_tag(case))
    assert f"/models/{case.model}/config.pbtxt" in model_files(plan)
    assert sorted(notice.message.partition(": TR")[2][:3] for notice in plan.notices) == sorted(
        code.removeprefix("TR") for code in case.warnings
    )


@pytest.mark.parametrize("case", [case for case in cases("faulty") if case.errors], ids=str)
def test_a_faulty_case_is_refused_before_anything_is_built(case, tmp_path):
    root = case.lay_out(tmp_path / "repository")
    if str(case) in MENDED:
        plan_folder(root, triton_base_image_tag=_tag(case))
        return
    with pytest.raises(OdahuPackError) as caught:
        plan_folder(root, triton_base_image_tag=_tag(case))
    assert caught.value.exit_code in {12, 13}
