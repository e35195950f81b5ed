"""Laws that every problem, noise, oracle and algorithm obeys; each returns what it found wrong.

A law is a function to a list of sentences, empty if the law holds, so that a test can show all of
them at once: `assert not problem_laws(problem)`. What an instance certifies is checked by the same
laws before a claim on it is judged (`certificates`).
"""

from convergence.laws.certificates import certificates as certificates
from convergence.laws.certificates import noise_laws as noise_laws
from convergence.laws.certificates import problem_laws as problem_laws
from convergence.laws.samples import algorithm_laws as algorithm_laws
from convergence.laws.samples import oracle_laws as oracle_laws
