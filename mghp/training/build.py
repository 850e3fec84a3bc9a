"""Building the pieces of a training from a config."""

from collections.abc import Sequence
from pathlib import Path

from mghp.anatomy.anatomy import Anatomy
from mghp.config.load import to_yaml
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.metrics.parsing import parsing_metrics
from mghp.parsing.build import build_parser, read_trained, untrained, with_weights
from mghp.parsing.checkpoint_places import checkpoint_to_use
from mghp.parsing.losses.objective import ParsingObjective
from mghp.parsing.losses.weighting import FixedWeights, LearnedWeights
from mghp.parsing.matching_in_training import TrainingMatching
from mghp.parsing.parser import Parser
from mghp.parsing.targets import TargetMaker
from mghp.training.parsing_module import ParsingModule


def build_module(config: Config, max_steps: int = 1, anatomy: Anatomy | None = None) -> ParsingModule:
    """Build the module of a parsing experiment, weights at their start.

    Args:
        config: the whole.
        max_steps: of the training.
        anatomy: parts and skeleton; None: what the config's data annotate.

    Raises:
        InputError: if sizes do not fit, or the matcher cannot be trained through.
    """
    parser = build_parser(config, anatomy)
    network, anatomy = parser.network, parser.assembler.anatomy
    weights = {name: weight for name, weight in vars(config.losses.weights).items() if weight}
    if "matching" in weights:
        weights["matching"] *= config.losses.matching_multiple
    return ParsingModule(
        network=network,
        targets=TargetMaker(
            anatomy,
            network.strides["keypoints"],
            network.strides["limbs"],
            network.level_strides,
            towards=config.trains_towards,
            relative=config.losses.field_relative,
            limb_offsets=network.limb_offsets is not None,
            pose_offsets=network.pose_offsets is not None,
            centers=network.center_field is not None,
        ),
        objective=ParsingObjective(config.losses),
        matching=_matching(config, parser, max_steps) if config.losses.weights.matching else None,
        weighting=(LearnedWeights if config.losses.learned_weights else FixedWeights)(weights),
        label_balance=parser.label_balance,
        assembler=parser.assembler,
        metrics=parsing_metrics(anatomy, config.metrics),
        training=config.training,
        config_text=to_yaml(config),
        bf16=parser.bf16,
    )


def _matching(config: Config, parser: Parser, max_steps: int) -> TrainingMatching:
    assembler = parser.assembler
    try:
        return TrainingMatching(
            assembler.matcher,
            assembler.affinity,
            assembler.anatomy.skeleton.limbs,
            config.losses.matching,
            config.training.candidates,
            max_steps,
            config.seed,
            config.losses.shuffled_truth,
        )
    except (ValueError, TypeError) as error:
        raise InputError(" ".join(str(error).split())) from None


def load_module(path: str | Path, overrides: Sequence[str] = ()) -> tuple[ParsingModule, Config]:
    """Load the module of a checkpoint or run folder, and its config with `key=value` over it.

    Raises:
        InputError: if there is no checkpoint, or an override does not fit; see `load_parser`.
    """
    path = checkpoint_to_use(path)
    trained = read_trained(path, overrides)
    module = build_module(untrained(trained.config), anatomy=trained.anatomy)
    return with_weights(module, trained.weights, path).eval(), trained.config
