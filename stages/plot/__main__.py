"""Stage 6, plot: forecasts, panel, loss curves, networks -> figures, and the report in HTML and Markdown.

Reads the panel, data/windows/, models/forecaster/ and the files of the other stages in reports/. Writes
reports/figures/, reports/report.html and reports/report.md, and copies for DVC's run cache in data/.
Decides which series the report shows.
Parameters: section `plot` of params.yaml.
"""

from stages.common.arguments import Parser
from stages.common.errors import run
from stages.common.params import read_params
from stages.compute.params import Compute
from stages.compute.pool import open_pool


def main() -> None:
    params = read_params()
    on_this_machine = params[Compute].model_copy(update={"engine": "local"})
    with open_pool(on_this_machine, "stages.plot.interpretation") as pool:
        from stages.plot.stage import draw  # here: it imports matplotlib, as the worker does torch meanwhile

        draw(params, pool)


if __name__ == "__main__":
    Parser(__package__, __doc__).parse_args()
    run(main)
