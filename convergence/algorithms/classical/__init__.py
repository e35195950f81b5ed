"""Textbook methods: gradient descent, SGD, momentum, acceleration.

accelerated: Gradient descent with inertia: Nesterov's acceleration, and heavy balls.
sgd: Stochastic gradient descent, plain and with an exponential moving average of gradients.
"""
