"""`nano`: HF's Qwen2-VL classes at toy size, and a batched forward over the same weights that is fast on a CPU.

Shapes: B batch, P patches (merge-block order), V = P/4 visual tokens, S sequence, H text width, D vision width.
"""

import math

import torch
import torch.nn.functional as F
from peft import PeftModel
from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration

PATCH, MERGE = 14, 2
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


def config(tokenizer) -> Qwen2VLConfig:
    """Widths are multiples of 32 (the quantization block), head widths of 16 (ORT's GPU attention)."""
    token = tokenizer.convert_tokens_to_ids
    return Qwen2VLConfig(
        vocab_size=8192,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=2,
        max_position_embeddings=512,
        rms_norm_eps=1e-6,
        rope_theta=10000.0,
        tie_word_embeddings=True,
        attention_dropout=0.0,
        use_sliding_window=False,
        rope_scaling={'type': 'mrope', 'mrope_section': [4, 6, 6]},
        vision_config={
            'depth': 4,
            'embed_dim': 192,
            'hidden_size': 192,
            'num_heads': 6,
            'mlp_ratio': 4,
            'in_channels': 3,
            'patch_size': PATCH,
            'spatial_merge_size': MERGE,
            'temporal_patch_size': 2,
        },
        bos_token_id=token('<|endoftext|>'),
        eos_token_id=token('<|im_end|>'),
        vision_start_token_id=token('<|vision_start|>'),
        vision_end_token_id=token('<|vision_end|>'),
        vision_token_id=token('<|vision_pad|>'),
        image_token_id=token('<|image_pad|>'),
        video_token_id=token('<|video_pad|>'),
    )


def create(tokenizer, seed: int) -> Qwen2VLForConditionalGeneration:
    """A fresh model. Matrices at 1/sqrt(fan-in); those that write to the residual stream start small."""
    torch.manual_seed(seed)
    model = Qwen2VLForConditionalGeneration(config(tokenizer)).float()
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            continue
        if 'embed_tokens' in name:
            torch.nn.init.normal_(weight, std=0.1)
        else:
            small = (
                0.3 if name.endswith(('o_proj.weight', 'down_proj.weight', 'attn.proj.weight', 'fc2.weight')) else 1.0
            )
            torch.nn.init.normal_(weight, std=small * 0.6 / math.sqrt(weight[0].numel()))
    return model


def merge_order(rows: int, columns: int) -> torch.Tensor:
    """Row and column of every patch, in merge-block order: int [P, 2]."""
    grid = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing='ij'), -1)
    blocks = grid.view(rows // MERGE, MERGE, columns // MERGE, MERGE, 2).permute(0, 2, 1, 3, 4)
    return blocks.reshape(-1, 2)


def patches(pictures: torch.Tensor) -> torch.Tensor:
    """Normalised pictures [B, 3, height, width] → [B, P, 588], one temporal slice, merge-block order."""
    batch, _, height, width = pictures.shape
    side = PATCH * MERGE
    blocks = pictures.view(batch, 3, height // side, MERGE, PATCH, width // side, MERGE, PATCH)
    return blocks.permute(0, 2, 5, 3, 6, 1, 4, 7).reshape(batch, -1, 3 * PATCH * PATCH)


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary embedding in HF's half-split form. x [B, heads, S, d]; cos, sin [S, d/2]."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Attention [B, heads, n, d] by plain products: on a CPU its backward is several times as fast as the fused one."""
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + mask
    return scores.softmax(-1) @ v


def merged(layer: torch.nn.Module) -> torch.Tensor:
    """The weight of a PEFT DoRA layer: m (W + s B A) / |W + s B A|, row norms taken as constants, as PEFT trains it."""
    direction = layer.base_layer.weight + layer.scaling['default'] * (
        layer.lora_B['default'].weight @ layer.lora_A['default'].weight
    )
    norm = direction.detach().norm(dim=1, keepdim=True)
    return layer.lora_magnitude_vector['default'].weight[:, None] / norm * direction


class Fast:
    """The batched forward. `dtype` is that of activations and of the weights' working copies.

    `adapter`, where given, is a PEFT model around `model` whose DoRA matrices are merged into the working copies.
    """

    def __init__(self, model: Qwen2VLForConditionalGeneration, dtype: torch.dtype, adapter: PeftModel | None = None):
        self.config = model.config
        self.dtype = dtype
        self.adapter = adapter
        named = adapter.get_base_model().named_parameters() if adapter else model.named_parameters()
        self.masters = {
            name.removeprefix('model.').replace('.base_layer.', '.'): weight
            for name, weight in named
            if '.lora_' not in name
        }
        self.layers = (
            {
                name.split('base_model.model.model.')[1]: layer
                for name, layer in adapter.named_modules()
                if hasattr(layer, 'lora_magnitude_vector')
            }
            if adapter
            else {}
        )
        self.refresh()

    def refresh(self) -> None:
        """Takes working copies of the weights; gradients flow through them to the masters. Once a step."""
        self.w = {name: weight.to(self.dtype) for name, weight in self.masters.items()}
        for name, layer in self.layers.items():
            self.w[f'{name}.weight'] = merged(layer).to(self.dtype)

    def linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, self.w[f'{name}.weight'], self.w.get(f'{name}.bias'))

    def layer_norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(x, x.shape[-1:], self.w[f'{name}.weight'], self.w[f'{name}.bias'], 1e-6)

    def rms_norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.rms_norm(x, x.shape[-1:], self.w[f'{name}.weight'], self.config.rms_norm_eps)

    def vision(self, pixels: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
        """Patches [B, P, 588] of one grid → visual tokens [B, V, H]."""
        c = self.config.vision_config
        batch, count, _ = pixels.shape
        width = c.embed_dim // c.num_heads
        inverse = 1.0 / 10000.0 ** (torch.arange(0, width // 2, 2) / (width // 2))
        angles = (merge_order(rows, columns)[:, :, None] * inverse).flatten(1)  # [P, width/2]
        cos, sin = angles.cos().to(self.dtype), angles.sin().to(self.dtype)
        kernel = self.w['visual.patch_embed.proj.weight'].sum(2).flatten(1)  # temporal slices are equal: folded
        x = F.linear(pixels.to(self.dtype), kernel)
        for block in range(c.depth):
            at = f'visual.blocks.{block}'
            qkv = self.linear(self.layer_norm(x, f'{at}.norm1'), f'{at}.attn.qkv')
            q, k, v = qkv.view(batch, count, 3, c.num_heads, width).permute(2, 0, 3, 1, 4)
            attended = attend(rotate(q, cos, sin), rotate(k, cos, sin), v)
            x = x + self.linear(attended.transpose(1, 2).reshape(batch, count, -1), f'{at}.attn.proj')
            # quick_gelu(x) = silu(1.702 x) / 1.702: one fused kernel instead of three
            inner = F.silu(self.linear(self.layer_norm(x, f'{at}.norm2'), f'{at}.mlp.fc1') * 1.702)
            x = x + self.linear(inner * (1 / 1.702), f'{at}.mlp.fc2')
        x = self.layer_norm(x, 'visual.merger.ln_q').view(batch, count // MERGE**2, -1)
        return self.linear(F.gelu(self.linear(x, 'visual.merger.mlp.0')), 'visual.merger.mlp.2')

    def text(self, embeds: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Right-padded inputs [B, S, H], index of each last token [B] → unit vectors [B, H] in float32."""
        c = self.config
        batch, length, _ = embeds.shape
        width = c.hidden_size // c.num_attention_heads
        groups = c.num_attention_heads // c.num_key_value_heads
        inverse = 1.0 / c.rope_theta ** (torch.arange(0, width, 2) / width)
        angles = torch.arange(length)[:, None] * inverse
        cos, sin = angles.cos().to(self.dtype), angles.sin().to(self.dtype)
        each = torch.arange(batch)
        causal = torch.full((length, length), -1e4, dtype=self.dtype).triu(1)
        x = embeds.to(self.dtype)
        for layer in range(c.num_hidden_layers):
            at = f'layers.{layer}'
            final = layer == c.num_hidden_layers - 1  # only the pooled token goes on
            h = self.rms_norm(x, f'{at}.input_layernorm')

            def heads(rows: torch.Tensor, name: str) -> torch.Tensor:  # [B, heads, n, width]
                return self.linear(rows, f'{at}.self_attn.{name}').view(batch, rows.shape[1], -1, width).transpose(1, 2)

            k = rotate(heads(h, 'k_proj'), cos, sin).repeat_interleave(groups, 1)
            v = heads(h, 'v_proj').repeat_interleave(groups, 1)
            if final:
                x = x[each, last][:, None]
                q = rotate(heads(h[each, last][:, None], 'q_proj'), cos[last][:, None, None], sin[last][:, None, None])
                unseen = torch.arange(length)[None] > last[:, None]
                attended = attend(q, k, v, (unseen * -1e4).to(self.dtype)[:, None, None])
            else:
                q = rotate(heads(h, 'q_proj'), cos, sin)
                attended = attend(q, k, v, causal)
            x = x + self.linear(attended.transpose(1, 2).reshape(batch, x.shape[1], -1), f'{at}.self_attn.o_proj')
            h = self.rms_norm(x, f'{at}.post_attention_layernorm')
            gated = F.silu(self.linear(h, f'{at}.mlp.gate_proj')) * self.linear(h, f'{at}.mlp.up_proj')
            x = x + self.linear(gated, f'{at}.mlp.down_proj')
        return F.normalize(self.rms_norm(x[:, 0], 'norm').float(), dim=-1)

    def embed_texts(self, ids: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Token ids [B, S], right-padded → [B, H]."""
        return self.text(F.embedding(ids, self.w['embed_tokens.weight']), last)

    def embed_pictures(self, features: torch.Tensor, ids: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Visual tokens [B, V, H], each followed by the ids after its `<|image_pad|>` [B, n], right-padded → [B, H]."""
        words = F.embedding(ids, self.w['embed_tokens.weight'])
        return self.text(torch.cat((features, words), 1), last + features.shape[1])
