"""Claims on other processes and machines.

A task is plain values: a file or the registry, a slug, settings, and the folder of the store. The
worker that runs it writes records there; whoever sent it reads them and judges. The executors that
carry tasks have the shape of `concurrent.futures`; those of dask and of submitit are extras.
"""
