"""Methods of clients and a server: local steps, sampled clients, masks and gates.

chen2023: pFedGate (Chen et al. 2023): its three rules of aggregation, the drift under masks,
    soft gates.
chen2023_masks: pFedGate (Chen et al. 2023): what the minimizer of the average means to clients
    with masks.
mcmahan2017: Local steps with sampled clients (FedAvg, McMahan et al. 2017): a bound with every
    constant.
"""
