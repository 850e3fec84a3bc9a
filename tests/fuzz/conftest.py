import sys
from pathlib import Path

# What other tests make: datasets in their official layouts, and run folders of trainings.
sys.path += [str(Path(__file__).parents[1] / folder) for folder in ("datasets", "studies")]
