"""StyleGAN2's networks (Karras et al., 2019, arXiv:1812.04948; 2020, arXiv:1912.04958), in plain PyTorch.

Settings that the papers leave open are those of the published configurations (2020, arXiv:2006.06676).
"""
