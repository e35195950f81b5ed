"""The explorer: a theorem's method on an instance, with runs, bound, verdict and power under
sliders, on a page that this machine serves to itself alone."""
