"""Architectures that people explain, in small variants, built without weights.

Every parameter gets noise, so that no head is zero and no branch is shut. Convolutions that look
beyond their own step are turned down off their centre, and batch norms are measured once: with
plain random weights, a deep convolutional network spreads a change evenly over all its cells,
which a trained one does not, and then nothing can be said about where it went.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

SIZE = (96, 128)
"""Not square, so that a transposed grid shows."""


@dataclass(frozen=True)
class Architecture:
    """One network, and where its CAM is read.

    Attributes:
        name: "source name".
        build: makes it.
        layer: name of the layer wanted.
        layout: "NCHW", "NHWC" or "NLC".
        grid: rows and columns.
        prefix: tokens before the grid's.
        size: of the picture.
        captum: whether captum can read the layer: a map (N, C, h, w) that nothing changes in
            place afterwards.
        padded: whether convolutions keep their borders; where they cut them off, the cells at the
            edge look at pixels further inside than an even grid says.
    """

    name: str
    build: Callable[[], nn.Module]
    layer: str
    layout: str = "NCHW"
    grid: tuple[int, int] = (3, 4)
    prefix: int = 0
    size: tuple[int, int] = SIZE
    captum: bool = True
    padded: bool = True

    def network(self) -> nn.Module:
        """The network with seeded weights, in evaluation mode."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = self.build().eval()
        return measured(focused(noisy(network)), self.size)


def noisy(network: nn.Module) -> nn.Module:
    """Noise on every parameter."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            spread = float(parameter.std()) if parameter.numel() > 1 else 0.0
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(noise, alpha=max(0.1 * spread, 0.02))
    return network


def focused(network: nn.Module) -> nn.Module:
    """Convolutions that look beyond their own step turned down off their centre."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and part.kernel_size[0] > part.stride[0]:
            away = [(torch.arange(k) - (k - 1) // 2).abs() for k in part.kernel_size]
            with torch.no_grad():
                part.weight *= 0.15 ** (away[0][:, None] + away[1][None, :])
    return network


def measured(network: nn.Module, size: tuple[int, int]) -> nn.Module:
    """Batch norms with the statistics of noise."""
    norms = [
        part for part in network.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)
    ]
    if norms:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        with torch.no_grad():
            network(torch.randn(4, 3, *size, generator=torch.Generator().manual_seed(2)))
    return network.eval()


def _torchvision(name: str, layer: str, **options: Any) -> Architecture:
    facts = {key: options.pop(key) for key in tuple(options) if key in _FACTS}

    def build() -> nn.Module:
        from torchvision.models import get_model

        return get_model(name, weights=None, num_classes=10, **options)

    return Architecture(f"torchvision {name}", build, layer, **facts)


def _vgg() -> nn.Module:
    """VGG-11 with a head of one layer: the usual one has a hundred million weights."""
    from torchvision.models import vgg

    network = vgg.VGG(vgg.make_layers(vgg.cfgs["A"], batch_norm=True), init_weights=False)
    network.classifier = nn.Linear(512 * 49, 10)
    return network


def _small_convnext() -> nn.Module:
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt

    widths = (24, 48, 96, 192, None)
    blocks = [CNBlockConfig(widths[i], widths[i + 1], 1) for i in range(4)]
    return ConvNeXt(blocks, layer_scale=1.0, num_classes=10)


def _small_swin(version: int) -> nn.Module:
    from torchvision.models import swin_transformer as swin

    parts = (
        {}
        if version == 1
        else {"block": swin.SwinTransformerBlockV2, "downsample_layer": swin.PatchMergingV2}
    )
    return swin.SwinTransformer(
        [4, 4], 24, [1, 1, 2, 1], [1, 2, 3, 6], [2, 2], num_classes=10, **parts
    )


def _small_maxvit() -> nn.Module:
    from torchvision.models.maxvit import MaxVit

    return MaxVit(
        input_size=(128, 128),
        stem_channels=16,
        partition_size=2,
        block_channels=[16, 32, 64, 128],
        block_layers=[1, 1, 1, 1],
        head_dim=16,
        stochastic_depth_prob=0.0,
        num_classes=10,
    )


def _small_vit() -> nn.Module:
    from torchvision.models import VisionTransformer

    return VisionTransformer(96, 16, 3, 3, 48, 96, num_classes=10)


def _timm(name: str, layer: str, **options: Any) -> Architecture:
    facts = {key: options.pop(key) for key in tuple(options) if key in _FACTS}
    label = options.pop("label", "")

    def build() -> nn.Module:
        import timm

        return timm.create_model(name, num_classes=10, **options)

    return Architecture(f"timm {name}{label}", build, layer, **facts)


def _transformers(name: str, layer: str, **options: Any) -> Architecture:
    facts = {key: options.pop(key) for key in tuple(options) if key in _FACTS}

    def build() -> nn.Module:
        import transformers

        kind = getattr(transformers, name)
        return kind(kind.config_class(num_labels=10, **options))

    return Architecture(f"transformers {name}", build, layer, **facts)


_FACTS = ("layout", "grid", "prefix", "size", "captum", "padded")
_TOKENS = {"layout": "NLC", "grid": (6, 8), "captum": False}
_TRUNK = {
    "image_size": SIZE,
    "patch_size": 16,
    "hidden_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "intermediate_size": 96,
}
_SWIN = {
    "image_size": (64, 96),
    "embed_dim": 24,
    "depths": [1, 1, 2, 1],
    "num_heads": [1, 2, 3, 6],
    "window_size": 2,
    "size": (64, 96),
    "layout": "NLC",
    "grid": (2, 3),
    "captum": False,
}
_STAGES = {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]}

ARCHITECTURES = [
    _torchvision("resnet18", "layer4"),
    Architecture("torchvision VGG", _vgg, "features", size=(64, 96), grid=(2, 3)),
    _torchvision("densenet121", "features", captum=False),  # followed by an in-place ReLU
    _torchvision("mobilenet_v2", "features"),
    _torchvision("mobilenet_v3_small", "features"),
    _torchvision("efficientnet_b0", "features"),
    Architecture("torchvision ConvNeXt", _small_convnext, "features"),
    _torchvision("regnet_y_400mf", "trunk_output"),
    _torchvision("squeezenet1_1", "features", grid=(5, 7), captum=False),
    _torchvision("shufflenet_v2_x0_5", "conv5"),
    Architecture("torchvision Swin", lambda: _small_swin(1), "norm", layout="NHWC", captum=False),
    Architecture(
        "torchvision Swin v2", lambda: _small_swin(2), "norm", layout="NHWC", captum=False
    ),
    Architecture("torchvision MaxViT", _small_maxvit, "blocks.3", size=(128, 128), grid=(4, 4)),
    Architecture(
        "torchvision ViT",
        _small_vit,
        "encoder.layers.encoder_layer_2.ln_1",
        size=(96, 96),
        layout="NLC",
        grid=(6, 6),
        prefix=1,
        captum=False,
    ),
    _timm("resnet18", "layer4"),
    _timm("resnetv2_18", "norm"),
    _timm("vgg11", "features", mlp_ratio=0.05, size=(64, 96), grid=(2, 3)),
    _timm("densenet121", "features"),
    _timm("mobilenetv2_035", "bn2"),
    _timm("mobilenetv3_small_050", "blocks"),
    _timm("efficientnet_b0", "bn2"),
    _timm("convnext_atto", "stages"),
    _timm("regnetx_002", "s4"),
    _timm("vit_tiny_patch16_224", "blocks.2.norm1", depth=3, img_size=SIZE, prefix=1, **_TOKENS),
    _timm(
        "vit_tiny_patch16_224",
        "blocks",
        label=" mean-pooled",
        depth=3,
        img_size=SIZE,
        global_pool="avg",
        prefix=1,
        **_TOKENS,
    ),
    _timm(
        "vit_tiny_patch16_224",
        "blocks.2.norm1",
        label=" any size",
        depth=3,
        dynamic_img_size=True,
        prefix=1,
        **_TOKENS,
    ),
    _timm("deit_tiny_patch16_224", "blocks.2.norm1", depth=3, img_size=SIZE, prefix=1, **_TOKENS),
    _timm(
        "deit_tiny_distilled_patch16_224",
        "blocks.2.norm1",
        depth=3,
        img_size=SIZE,
        prefix=2,
        **_TOKENS,
    ),
    _timm(
        "vit_small_patch14_reg4_dinov2",
        "blocks.2.norm1",
        depth=3,
        img_size=(84, 112),
        size=(84, 112),
        prefix=5,
        **_TOKENS,
    ),
    _timm(
        "beit_base_patch16_224",
        "blocks.1",
        embed_dim=96,
        num_heads=3,
        depth=2,
        img_size=SIZE,
        prefix=1,
        **_TOKENS,
    ),
    _timm("swin_tiny_patch4_window7_224", "norm", img_size=SIZE, layout="NHWC", captum=False),
    _timm("swinv2_tiny_window8_256", "norm", img_size=SIZE, layout="NHWC", captum=False),
    _timm("maxvit_rmlp_pico_rw_256", "norm", img_size=(128, 192), size=(128, 192), grid=(4, 6)),
    _timm("coatnet_pico_rw_224", "norm", img_size=SIZE),
    _timm("poolformer_s12", "stages"),
    _timm("mixer_s32_224", "norm", img_size=SIZE, layout="NLC", captum=False),
    _timm(
        "cait_xxs24_224", "blocks_token_only.1.norm1", depth=3, img_size=SIZE, prefix=1, **_TOKENS
    ),
    _timm("mobilevit_xxs", "final_conv"),
    _transformers("ResNetForImageClassification", "resnet.encoder.stages.3", **_STAGES),
    _transformers("ConvNextForImageClassification", "convnext.encoder.stages.3", **_STAGES),
    _transformers(
        "ViTForImageClassification", "vit.layers.2.layernorm_before", prefix=1, **_TOKENS, **_TRUNK
    ),
    _transformers(
        "DeiTForImageClassification",
        "deit.layers.2.layernorm_before",
        prefix=2,
        **_TOKENS,
        **_TRUNK,
    ),
    _transformers(
        "Dinov2WithRegistersForImageClassification",
        "dinov2_with_registers.layernorm",
        num_register_tokens=4,
        prefix=5,
        **_TOKENS,
        **_TRUNK | {"image_size": 96},
    ),
    _transformers("BeitForImageClassification", "beit.layers.2", prefix=1, **_TOKENS, **_TRUNK),
    _transformers("SwinForImageClassification", "swin.layernorm", **_SWIN),
    _transformers("Swinv2ForImageClassification", "swinv2.layernorm", **_SWIN),
    _transformers("SegformerForImageClassification", "segformer.stages.3", **_STAGES),
]
"""Those of the normal run."""

SLOW = [
    _torchvision("resnet50", "layer4"),
    _torchvision(
        "inception_v3", "Mixed_7c", init_weights=False, size=(224, 288), grid=(5, 7), padded=False
    ),
    _torchvision("googlenet", "inception5b", init_weights=False),
    _timm("xcit_nano_12_p16_224", "cls_attn_blocks.1.norm1", img_size=SIZE, prefix=1, **_TOKENS),
    _timm("pvt_v2_b0", "stages"),
    _timm("twins_pcpvt_small", "norm", img_size=SIZE, layout="NLC", captum=False),
    _timm("focalnet_tiny_srf", "norm"),
    _timm("davit_tiny", "stages"),
    _timm("tiny_vit_5m_224", "stages"),
    _timm("mambaout_femto", "stages", layout="NHWC", captum=False),
    _timm("hieradet_small", "blocks.15", layout="NHWC", captum=False),
    _timm("repvgg_a0", "stages"),
    _timm("mobilenetv4_conv_small", "blocks"),
    _timm("vit_base_patch16_siglip_224", "norm", depth=2, img_size=SIZE, prefix=0, **_TOKENS),
    _timm(
        "volo_d1_224",
        "post_network.1.norm1",
        size=(224, 224),
        layout="NLC",
        grid=(14, 14),
        prefix=1,
        captum=False,
    ),
]
"""Those of `make test-all` besides."""
