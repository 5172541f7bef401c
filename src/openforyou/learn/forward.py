"""One viewer's vector, and the chances of some candidates, at the least cost: the network's arithmetic laid out flat.

A feed asks for one history at a time. Nine tenths of what that takes goes into walking the network's modules, and not
into multiplying. Here the weights are taken out of the modules once, and what does not depend on the history is worked
out beforehand. `sequence.Network` stays what is trained and what is true; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from numpy.typing import NDArray
from torch import Tensor

from openforyou.learn.sequence import DID_BITS, Network, gap_buckets
from openforyou.learn.serving import Floats

Weights = Mapping[str, Tensor]
_BITS = np.arange(DID_BITS)


class Forward:
    """Of a network whose weights stay as they are. Safe from several threads."""

    def __init__(self, network: Network) -> None:
        told = {name: value.detach().float().cpu() for name, value in network.state_dict().items()}
        self._length, self._temperature = network.shape.length, network.shape.temperature
        self._scale = network.shape.width**0.5
        self._blocks = [_Block.of(told, f"blocks.{number}.") for number in range(network.shape.blocks)]
        self._norm = _Norm.of(told, "norm")
        self._deeds, self._feeling = _Linear.of(told, "deeds"), _Linear.of(told, "feeling")
        self._gaps = told["gap.weight"]
        self._interest = told["interest.weight"].T.contiguous()
        self._penalty = network.get_buffer("penalty").float().cpu()  # (H, T, T)
        self._pools = network.get_buffer("pools").float().cpu()  # (S, T, T)
        self._heads = _Heads.of(told, self._scale)

    @torch.inference_mode()
    def viewer(self, vectors: Tensor, did: NDArray[np.int64], watched: Floats, gap_s: NDArray[np.float64]) -> Tensor:
        """Of T items, oldest first: vectors (T, D), bits of Did, shares watched, seconds since the last → (D,)."""
        length = len(vectors)
        assert 0 < length <= self._length, f"{length} items; between 1 and {self._length} go in"
        share = watched[:, None]
        deeds = torch.from_numpy(np.concatenate([did[:, None] >> _BITS & 1, share, share * share], 1, dtype=np.float32))
        items = vectors * self._scale  # (T, D)
        felt = self._feeling(deeds) * items
        interest = (self._pools[:, length - 1, :length] @ felt).view(-1) @ self._interest
        x = self._deeds(deeds) + self._gaps[gap_buckets(torch.from_numpy(gap_s))] + items
        penalty = self._penalty[:, :length, :length]
        for block in self._blocks[:-1]:
            x = block(x, penalty, length)
        last = self._blocks[-1](x, penalty, 1)[0] if self._blocks else x[-1]
        return F.normalize(self._norm(last) + interest, dim=-1) / self._temperature

    @torch.inference_mode()
    def actions(self, viewer: Tensor, vectors: Tensor) -> Tensor:
        """(D,) and candidates (N, D) → log-odds (N, len(ACTIONS)), row by row."""
        return self._heads(viewer * self._temperature, vectors)


@dataclass(frozen=True, slots=True)
class _Linear:
    bias: Tensor  # (O,)
    weight: Tensor  # (I, O)

    @classmethod
    def of(cls, told: Weights, name: str) -> _Linear:
        return cls(told[f"{name}.bias"], told[f"{name}.weight"].T.contiguous())

    def __call__(self, x: Tensor) -> Tensor:
        """(T, I) → (T, O)"""
        return torch.addmm(self.bias, x, self.weight)


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    bias: Tensor

    @classmethod
    def of(cls, told: Weights, name: str) -> _Norm:
        return cls(told[f"{name}.weight"], told[f"{name}.bias"])

    def __call__(self, x: Tensor) -> Tensor:
        return torch.layer_norm(x, self.weight.shape, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class _Block:
    """`sequence._Block` of one history."""

    norm_attention: _Norm
    query: _Linear
    key_value: _Linear
    out: _Linear
    norm_inner: _Norm
    widen: _Linear
    narrow: _Linear

    @classmethod
    def of(cls, told: Weights, at: str) -> _Block:
        query, key_value, out, widen, narrow = (
            _Linear.of(told, at + name) for name in ("query", "key_value", "out", "widen", "narrow")
        )
        before, between = (_Norm.of(told, at + name) for name in ("norm_attention", "norm_inner"))
        return cls(before, query, key_value, out, between, widen, narrow)

    def __call__(self, x: Tensor, penalty: Tensor, last: int) -> Tensor:
        """(T, D) → (`last`, D), the last rows of what comes out. `penalty` is (H, T, T)."""
        heads, (length, width) = len(penalty), x.shape
        normed, kept = self.norm_attention(x), slice(length - last, length)
        keys, values = self.key_value(normed).view(length, 2, heads, -1).permute(1, 2, 0, 3)  # (H, T, D / H) each
        asked = self.query(normed[kept]).view(last, heads, -1).transpose(0, 1)
        attended = F.scaled_dot_product_attention(
            asked[None], keys[None], values[None], attn_mask=penalty[None, :, kept]
        )
        x = x[kept] + self.out(attended[0].transpose(0, 1).reshape(last, width))
        return x + self.narrow(F.gelu(self.widen(self.norm_inner(x))))


@dataclass(frozen=True, slots=True)
class _Heads:
    """`sequence._ActionHeads` for one viewer: what is theirs goes into the weights, so that one product is left."""

    scale: float
    both: _Linear
    item: Tensor  # (D, HIDDEN)
    viewer: Tensor  # (D, HIDDEN)
    out: _Linear
    near: Tensor  # (D, len(ACTIONS))

    @classmethod
    def of(cls, told: Weights, scale: float) -> _Heads:
        item, viewer, near = (told[f"heads.{name}.weight"].T.contiguous() for name in ("item", "viewer", "near"))
        return cls(scale, _Linear.of(told, "heads.both"), item, viewer, _Linear.of(told, "heads.out"), near)

    def __call__(self, viewer: Tensor, vectors: Tensor) -> Tensor:
        """(D,) and (N, D) → (N, len(ACTIONS))"""
        theirs = (viewer * self.scale)[:, None]  # (D, 1)
        weight = torch.cat([self.both.weight * theirs + self.item, self.near * theirs], dim=1) * self.scale
        met, width = vectors @ weight, len(self.both.bias)
        hidden = met[:, :width] + (self.both.bias + (theirs * self.viewer).sum(dim=0))
        return self.out(F.gelu(hidden)) + met[:, width:]
