"""An organisation's plugin that has something run in every image."""

from odahu_pack_core import Block, Run, hookimpl


@hookimpl
def odahu_pack_amend_plan(plan, job):  # noqa: ARG001  # the hook's
    return plan.with_block(Block("checked", (Run(("/bin/sh", "-c", "cat /note/note.txt > /checked")),)))
