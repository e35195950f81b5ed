"""Methods of clients and a server: local steps, sampled clients, masks and gates.

averaging: Local steps and averaging, with the three rules of aggregation of pFedGate's public
    code.
gating: Alternating steps of gates and parameters, pFedGate's local step with soft gates.
"""
