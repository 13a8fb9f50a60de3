"""Muon for the hidden matrices, AdamW for the rest: on a small model and a short clock, fewer steps to one loss."""

import torch


def orthogonal(update: torch.Tensor) -> torch.Tensor:
    """Newton-Schulz iteration towards the nearest semi-orthogonal matrix (five steps, in bfloat16)."""
    x = update.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    return (x.T if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Momentum 0.95 (Nesterov), orthogonalised, scaled by sqrt(out/in) where it widens; decoupled weight decay."""

    def __init__(self, params, lr: float, weight_decay: float):
        super().__init__(params, {'lr': lr, 'weight_decay': weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for weight in group['params']:
                if weight.grad is None:  # a batch without pictures
                    continue
                momentum = self.state[weight].setdefault('momentum', torch.zeros_like(weight))
                momentum.lerp_(weight.grad, 0.05)
                update = orthogonal(weight.grad.lerp(momentum, 0.95))
                weight.mul_(1 - group['lr'] * group['weight_decay'])
                weight.add_(update, alpha=-group['lr'] * max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5)


def optimizers(model: torch.nn.Module) -> list[torch.optim.Optimizer]:
    """Every group carries `peak`, the rate that the schedule scales."""
    matrices, table, vectors = [], [], []
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            vectors.append(weight)
        elif weight.ndim == 2 and 'embed_tokens' not in name:
            matrices.append(weight)
        else:
            table.append(weight)
    muon = Muon(matrices, lr=0.02, weight_decay=0.05)
    adam = torch.optim.AdamW([
        {'params': table, 'lr': 3e-3, 'weight_decay': 0.01}, {'params': vectors, 'lr': 2e-3, 'weight_decay': 0.0},
    ], betas=(0.9, 0.98), eps=1e-9)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group['peak'] = group['lr']
    return [muon, adam]
