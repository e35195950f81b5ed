from . import columns as columns
from . import rate as rate
from . import runs as runs
from . import style as style
from . import verdicts as verdicts
from .runs import plot_run as plot_run
from .runs import simulate as simulate
