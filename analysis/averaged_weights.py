"""The mean of two trainings' weights, as a checkpoint: of one network, where one began with the other's weights.

    python analysis/averaged_weights.py runs/EXPERIMENT/STAGE_1 runs/EXPERIMENT/STAGE_2 --out averaged.ckpt

After Wortsman et al., Model soups, ICML 2022. The checkpoint's config is the second's, under the variant `averaged`.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from mghp.config.load import to_yaml
from mghp.datasets.anatomy_file import anatomy_text
from mghp.errors import InputError
from mghp.parsing.build import read_trained
from mghp.parsing.checkpoint_places import checkpoint_of
from mghp.parsing.checkpoints import check_weights, write_checkpoint


def averaged(one: Path, other: Path) -> dict[str, Any]:
    """Return a checkpoint with the mean of both weights; integers are the other's.

    Args:
        one: checkpoint or run folder, in half precision too.
        other: of the same network.

    Raises:
        InputError: if one is no checkpoint, or they are of different networks.
    """
    first, second = (read_trained(checkpoint_of(source)) for source in (one, other))
    check_weights(one, second.weights, first.weights)
    mean = {
        name: (first.weights[name] + value) / 2 if value.is_floating_point() else value
        for name, value in second.weights.items()
    }
    return {
        "mghp_config": to_yaml(replace(second.config, variant="averaged")),
        "mghp_anatomy": anatomy_text(second.anatomy),
        "state_dict": mean,
    }


def main() -> None:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("one", type=Path, help="checkpoint or run folder")
    parser.add_argument("other", type=Path, help="another, of the same network")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    try:
        write_checkpoint(averaged(given.one, given.other), given.out)
    except InputError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
