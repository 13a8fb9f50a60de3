"""Writes everything below reference/fixtures but its README. From the root: python -m reference.oracle"""

import os
import shutil

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch  # noqa: E402
import transformers  # noqa: E402

from . import adapters, checks, checkpoints, embed, images, pixels, strings  # noqa: E402
from .encoding import FIXTURES  # noqa: E402


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    shutil.rmtree(FIXTURES / "expected", ignore_errors=True)
    checkpoints.write_all()
    adapters.write_all()
    images.write_all()
    pixels.write_all()
    strings.write_all()
    checks.report(embed.write_all())


if __name__ == "__main__":
    main()
