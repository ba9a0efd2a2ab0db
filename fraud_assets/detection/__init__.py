"""Detection: candidates trained on the past, calibration and thresholds, the choice of a champion, and its scores.

What lives here, besides: one setting that has to be made before scikit-learn or XGBoost load OpenMP, which reads it
once. Threads of a busy machine that wait by spinning take the cores from those that work: the same training took eight
times the processor time.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
