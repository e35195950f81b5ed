"""Methods with their own estimate of a gradient or a curvature.

celora: CE-LoRA: the backward product through a frozen layer from its leading part and few rows.
ist: Importance-aware sparse tuning: a few layers a step, drawn by a given or learned
    importance.
sophia: Sophia: clipped Newton steps, in the eigenbasis or with a diagonal; and sign descent.
wta_crs: SGD whose backward product RW is estimated from sampled column-row pairs.
"""
