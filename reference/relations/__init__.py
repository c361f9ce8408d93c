"""How a wrong result relates to the right one, without knowing anything of the exercise."""

from reference.relations.diagnose import diagnose
from reference.relations.pairs import Diagnosis, Pair

__all__ = ["Diagnosis", "Pair", "diagnose"]
