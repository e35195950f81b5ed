# Written by `python -m docs.make.rooms`.
from .experiment import Experiment as Experiment
from .experiment import Simulation as Simulation
from .record import Record as Record
from .run import check_step as check_step
from .run import checkpoints as checkpoints
from .run import plainly as plainly
from .run import trajectory as trajectory
