"""What the reproductions of Bai, Kolter & Koltun 2018 share: two problems of their table 1.

Read `results.py` (what is measured), `training.py` (plan and trainings), `summary.py` (statistics
over seeds) and `page.py` (how it is shown); `glassgate.reproductions.adding` and `copying` have the
problems, the numbers and the published figures.
"""

SOURCE = (
    "Bai, Kolter & Koltun 2018, An empirical evaluation of generic convolutional and recurrent "
    "networks for sequence modeling (arXiv:1803.01271), table 1"
)
