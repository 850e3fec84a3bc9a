"""From a config to the built pieces of a parsing experiment."""

import dataclasses
from pathlib import Path

from mghp.assembly.affinities import Affinity
from mghp.assembly.assemble import Assembler
from mghp.assembly.label_balance import LabelBalance
from mghp.config import Config, load_config_text, to_yaml
from mghp.data.pictures import check_pictures
from mghp.data.targets import TargetMaker
from mghp.errors import InputError
from mghp.losses.objective import ParsingObjective
from mghp.losses.weighting import FixedWeights, LearnedWeights
from mghp.matching import make_matcher
from mghp.metrics.parsing import parsing_metrics
from mghp.modules.checkpoint_files import check_weights, read_checkpoint
from mghp.modules.parsing import ParsingModule
from mghp.modules.training_matching import TrainingMatching
from mghp.network.parser import ParsingNetwork
from mghp.people.datasets import PEOPLE
from mghp.people.people import People

_NEEDED = ("network.", "assembler.", "label_balance.")
"""What a checkpoint's weights must have."""


def people_of(config: Config) -> People:
    """What the config's data annotate.

    Raises:
        InputError: if the data have no pictures.
    """
    check_pictures(config.data, to_train=False)
    return PEOPLE[config.data.name]


def build_module(config: Config, max_steps: int = 1) -> ParsingModule:
    """Every piece of a parsing experiment, weights at their start.

    Args:
        config: the whole.
        max_steps: of the training that it is built for.

    Raises:
        InputError: one line, if sizes do not fit or the matcher cannot be trained through.
    """
    people = people_of(config)
    try:
        network = ParsingNetwork(config.network, people, centers=config.assembly.grouping == "center")
        matcher = make_matcher(config.matcher.name, **config.matcher.options())
        affinity = Affinity(
            people.skeleton.limbs,
            num_samples=config.assembly.num_samples,
            detach_positions=config.training.candidates.detach_positions,
        )
        matching = None
        if config.losses.weights.matching:
            matching = TrainingMatching(
                matcher,
                affinity,
                people.skeleton.limbs,
                config.losses.matching,
                config.training.candidates,
                max_steps,
                config.seed,
            )
    except (ValueError, TypeError) as error:
        raise InputError(" ".join(str(error).split())) from None
    weights = {name: weight for name, weight in vars(config.losses.weights).items() if weight}
    return ParsingModule(
        network=network,
        targets=TargetMaker(
            people,
            network.strides["keypoints"],
            network.strides["limbs"],
            network.field.strides,
            towards=config.assembly.points_towards,
            relative=config.losses.field_relative,
        ),
        objective=ParsingObjective(config.losses),
        matching=matching,
        weighting=(LearnedWeights if config.losses.learned_weights else FixedWeights)(weights),
        label_balance=LabelBalance(people.num_labels, config.assembly.label_balance),
        assembler=Assembler(people, matcher, affinity, config.assembly),
        metrics=parsing_metrics(people, config.metrics),
        training=config.training,
        config_text=to_yaml(config),
        bf16=config.inference.bf16,
    )


def load_module(path: str | Path, overrides: list[str] | None = None) -> tuple[ParsingModule, Config]:
    """The module of a checkpoint, with its weights, and its config with `key=value` over it.

    Raises:
        InputError: as `read_checkpoint`, or if an override does not fit.
    """
    checkpoint = read_checkpoint(path)
    config = load_config_text(checkpoint["mghp_config"], overrides or [], origin=str(path))
    # Nothing is trained: the matcher need not be differentiable, and what training started from need not be there.
    losses = dataclasses.replace(config.losses, weights=dataclasses.replace(config.losses.weights, matching=0.0))
    backbone = dataclasses.replace(config.network.backbone, weights=None)
    network = dataclasses.replace(config.network, backbone=backbone)
    module = build_module(dataclasses.replace(config, losses=losses, network=network))
    state = checkpoint["state_dict"]
    # What only training needs (learned weights, the matching's) may differ; the network and the affinity may not.
    needed = {name: value for name, value in module.state_dict().items() if name.startswith(_NEEDED)}
    check_weights(path, needed, {name: value for name, value in state.items() if str(name).startswith(_NEEDED)})
    module.load_state_dict({name: state[name] for name in needed}, strict=False)
    return module.eval(), config
