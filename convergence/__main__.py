"""`python -m convergence` is the console script `convergence`."""

from convergence.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
