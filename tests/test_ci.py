"""Continuous integration: the workflow's own commands in a clone, and comments on stand-ins for GitHub and GitLab."""

import http.server
import json
import re
import shutil
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.projects import ROOT, change_file, clone, commit, environment, shell

WORKFLOW_FILE = ROOT / ".github/workflows/pipeline.yml"
WORKFLOW: dict[str, Any] = YAML(typ="safe", pure=True).load(WORKFLOW_FILE)
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["pipeline"]["steps"]
GITLAB: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / ".gitlab-ci.yml")
MARK = "<!-- conveyor comparison -->"
ARTIFACT = "https://example.org/artifact"
EXPRESSIONS = {
    "secrets.DVC_CONFIG": "", "github.token": "token", "github.event.pull_request.number": "7",
    "steps.artifact.outputs.artifact-url": ARTIFACT,
}  # fmt: skip
GITHUB_COMMENTS = "/repos/owner/project/issues/7/comments"
GITLAB_NOTES = "/projects/5/merge_requests/7/notes"


class Api(http.server.ThreadingHTTPServer):
    """A server with the comments of pull request 7 on GitHub, which are also the notes of merge request 7 on GitLab.

    can_write: False for a run for a fork, whose token may not write
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.can_write = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, body: str) -> dict[str, Any]:
        self.comments.append({"id": 1000 + len(self.comments), "body": body})
        return self.comments[-1]

    @property
    def marked(self) -> list[str]:
        return [comment["body"] for comment in self.comments if comment["body"].startswith(MARK)]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path not in (GITHUB_COMMENTS, GITLAB_NOTES):
            return self.answer(404, {"message": "Not Found"})
        page, size = (int(dict(urllib.parse.parse_qsl(query))[name]) for name in ("page", "per_page"))
        return self.answer(200, self.server.comments[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        self.write(201, GITHUB_COMMENTS, GITLAB_NOTES)

    def do_PATCH(self) -> None:
        self.write(200, "/repos/owner/project/issues/comments/(?P<id>[0-9]+)")

    def do_PUT(self) -> None:
        self.write(200, GITLAB_NOTES + "/(?P<id>[0-9]+)")

    def write(self, status: int, *paths: str) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        match = next((match for path in paths if (match := re.fullmatch(path, self.path))), None)
        if match is None:
            self.answer(404, {"message": "Not Found"})
        elif self.headers["Authorization"] != "Bearer token" and self.headers["PRIVATE-TOKEN"] != "token":
            self.answer(401, {"message": "Bad credentials"})
        elif not self.server.can_write:
            self.answer(403, {"message": "Resource not accessible by integration"})
        elif len(body) > 65_536:
            self.answer(422, {"message": "body is too long (maximum is 65536 characters)"})
        elif "id" in match.groupdict():
            (comment,) = [each for each in self.server.comments if each["id"] == int(match["id"])]
            comment["body"] = body
            self.answer(status, comment)
        else:
            self.answer(status, self.server.add(body))

    def answer(self, status: int, content: object) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


def on_github(api: Api) -> dict[str, str]:
    return {"GITHUB_API_URL": api.address, "GITHUB_REPOSITORY": "owner/project", "GITHUB_BASE_REF": "main"}


def on_gitlab(api: Api) -> dict[str, str]:
    return {
        "CI_API_V4_URL": api.address, "CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7",
        "GITLAB_TOKEN": "token",
    }  # fmt: skip


def merged(origin: Path, folder: Path) -> Path:
    """A clone as in the run of a pull request: the branch `change` merged into main, and main's DVC cache."""
    clone(origin, folder)
    shell("git", "checkout", "--quiet", "--detach", "origin/main", cwd=folder)
    shell("git", "merge", "--quiet", "--no-ff", "--message=merge", "origin/change", cwd=folder)
    shutil.copytree(origin / ".dvc/cache", folder / ".dvc/cache")
    return folder


def run_pull_request(folder: Path, api: Api, first: str = "") -> list[subprocess.CompletedProcess[str]]:
    """Run the `run:` steps of the workflow's job for pull requests in order, up to the first that fails.

    first: the beginning of the first command to run
    """
    summary = folder.parent / f"{folder.name}-summary.md"
    all_steps = {**on_github(api), **WORKFLOW["env"], "GITHUB_STEP_SUMMARY": str(summary), "PIP_NO_INDEX": "1"}
    done: list[subprocess.CompletedProcess[str]] = []
    begin = next(number for number, step in enumerate(STEPS) if step.get("run", "-").startswith(first))
    for step in STEPS[begin:]:
        assert step.get("if") in (None, "github.event_name == 'pull_request'") or "uses" in step
        if "run" in step:
            given = {name: EXPRESSIONS[value[3:-2].strip()] for name, value in step.get("env", {}).items()}
            variables = {**all_steps, **given}
            done.append(shell("bash", "-e", "-c", step["run"], cwd=folder, check=False, variables=variables))
            if done[-1].returncode:
                break
    return done


@pytest.mark.slow
def test_pull_requests_are_compared_commented_once_and_stopped_if_worse(light: Path, tmp_path: Path, api: Api) -> None:
    """A push of parameters that spoil the model, a push that reverts them, and the same from a fork."""
    others = [api.add(f"> {MARK}\n{number}") for number in range(150)]
    shell("git", "checkout", "--quiet", "-b", "change", cwd=light)
    change_file(light, train__learning_rate=1.0, train__expert_pull=0.0)
    commit(light, "worse")
    shell("git", "checkout", "--quiet", "main", cwd=light)
    commit(light, "main goes on")

    first = merged(light, tmp_path / "first")
    *passed, gate = run_pull_request(first, api)
    assert [done.returncode for done in passed] == [0] * 4, passed[-1]
    assert re.findall(r"Running stage '(\w+)'", passed[1].stdout) == ["train", "predict", "plot"]
    assert STEPS[-1]["run"] == ".ci/gate"  # after everything else, the artifact included
    assert gate.returncode == 2
    assert gate.stderr.startswith("worse: model.mase")
    (comment,) = api.marked
    assert "| `train.learning_rate` " in comment
    assert "### The gate: beyond the tolerances of `compare`" in comment
    assert ARTIFACT in comment
    assert (tmp_path / "first-summary.md").read_text() in comment
    (upload,) = [step["with"]["path"] for step in STEPS if step.get("id") == "artifact"]
    for name in upload.split():
        assert (first / name).read_text().lower().startswith("<!doctype html>")
    assert "??" not in shell("git", "status", "--porcelain", cwd=first).stdout

    shell("git", "checkout", "--quiet", "change", cwd=light)
    shell("git", "revert", "--no-edit", "HEAD", cwd=light)
    second = merged(light, tmp_path / "second")
    done = run_pull_request(second, api, ".ci/pipeline")
    assert [each.returncode for each in done] == [0] * 4, done[-1]
    assert "Running stage" not in done[0].stdout
    (comment,) = api.marked
    assert "No parameter changed" in comment
    assert (tmp_path / "second-summary.md").read_text() in comment
    assert len(api.comments) == len(others) + 1

    api.can_write = False
    api.comments = others
    done = run_pull_request(second, api, ".ci/compare")
    assert [each.returncode for each in done] == [0] * 3, done[-1]
    assert "not permitted" in done[1].stdout
    assert api.marked == []


@pytest.mark.parametrize("place", [on_github, on_gitlab])
def test_one_comment_is_created_updated_and_never_too_long(
    place: Callable[[Api], dict[str, str]], tmp_path: Path, api: Api
) -> None:
    page = tmp_path / "page.md"
    variables = {**place(api), "GITHUB_TOKEN": "token", "PULL_REQUEST": "7", "ARTIFACT_URL": ARTIFACT}
    for number, text in enumerate(["first\n", "second, 🙂\n", "".join(f"| line {row} |\n" for row in range(10_000))]):
        page.write_text(text)
        done = comment_on(page, **variables)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == ("comment updated\n" if number else "comment created\n")
        (comment,) = api.marked
        assert comment.startswith(f"{MARK}\n{text[:1000]}")
        assert comment.endswith(f"({ARTIFACT})\n")
    assert len(comment) <= 65_536
    assert re.search(r"\| line \d+ \|\n\n\*Cut off here", comment)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"GITHUB_TOKEN": "wrong"}, 0, "not permitted to write one (401"),
        ({"GITHUB_API_URL": "http://127.0.0.1:1"}, 1, "error: no comment: URLError"),
        ({"PULL_REQUEST": ""}, 1, "error: no comment, the server answered 404"),
        ({}, 0, "comment created"),
    ],
    ids=["token", "server", "number", "right"],
)
def test_obstacles_to_a_comment_are_reported_in_one_line(
    change: dict[str, str], status: int, words: str, tmp_path: Path, api: Api
) -> None:
    page = tmp_path / "page.md"
    page.write_text("text\n")
    done = comment_on(page, **{**on_github(api), "GITHUB_TOKEN": "token", "PULL_REQUEST": "7", **change})
    assert done.returncode == status
    assert words in done.stdout + done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1


def comment_on(page: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `.ci/comment` without the environment variables of the CI that runs these tests."""
    mine = {name: value for name, value in environment().items() if not name.startswith(("GITHUB_", "CI_", "GITLAB_"))}
    command = [str(ROOT / ".ci/comment"), str(page)]
    return subprocess.run(command, env={**mine, **variables}, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with `.ci/pipeline` and one stage, run and committed, that counts the bytes of a file."""
    folder = tmp_path_factory.mktemp("counted") / "counting"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/pipeline", folder / ".ci/pipeline")
    (folder / "raw").write_text("1\n")
    (folder / "dvc.yaml").write_text("stages: {count: {cmd: wc -c raw > out, deps: [raw], outs: [out]}}\n")
    shell("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    shell("dvc", "init", "--quiet", cwd=folder)
    shell("dvc", "add", "--quiet", "raw", cwd=folder)
    shell("dvc", "repro", cwd=folder)
    commit(folder, "results")
    return folder


@pytest.fixture
def counting(counted: Path, tmp_path: Path) -> Path:
    return shutil.copytree(counted, tmp_path / "counting", symlinks=True)


def run_pipeline(folder: Path, config: str = "") -> subprocess.CompletedProcess[str]:
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "DVC_CONFIG": config}
    return shell(".ci/pipeline", cwd=folder, check=False, variables=nobody)


def test_results_on_the_remote_are_fetched_and_others_are_made(counting: Path, tmp_path: Path) -> None:
    """With the configuration as text; as a file, of an unreachable remote; without both, as in a fork."""
    text = f"[core]\nremote = store\n['remote \"store\"']\nurl = {tmp_path / 'store'}\n"
    (tmp_path / "config").write_text(text)
    shell("dvc", "push", "--run-cache", cwd=counting, variables={"DVC_GLOBAL_CONFIG_DIR": str(tmp_path)})
    fresh = clone(counting, tmp_path / "fresh")
    done = run_pipeline(fresh, text)
    assert done.returncode == 0, done.stderr
    assert "Running stage" not in done.stdout
    assert (fresh / "out").read_text() == (counting / "out").read_text()
    assert shell("git", "status", "--porcelain", "--ignored", ".dvc/config.local", cwd=fresh).stdout == ""

    (fresh / "out").unlink()
    shutil.rmtree(fresh / ".dvc/cache")
    (tmp_path / "config").write_text(text.replace(str(tmp_path / "store"), "s3://conveyor/none"))
    done = run_pipeline(fresh, str(tmp_path / "config"))
    assert done.returncode == 0, done.stderr
    assert "the remote gave nothing" in done.stderr
    assert "Running stage 'count'" in done.stdout

    done = run_pipeline(clone(counting, tmp_path / "fork"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == "warning: raw cannot be had; stages that did not change count as done\n"
    assert "Running stage" not in done.stdout


def test_without_a_common_commit_there_is_no_comparison(project: Path, tmp_path: Path) -> None:
    commit(project, "second")
    shell("git", "clone", "--quiet", "--depth=1", f"file://{project}", str(tmp_path / "shallow"), cwd=tmp_path)
    shell("git", "checkout", "--quiet", "--orphan", "other", cwd=tmp_path / "shallow")
    commit(tmp_path / "shallow", "other")
    done = shell(".ci/compare", "origin/main", cwd=tmp_path / "shallow", check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "no commit in common with origin/main" in done.stderr
    done = shell(".ci/gate", cwd=tmp_path / "shallow", check=False)
    assert (done.returncode, done.stderr) == (1, "error: no comparison.json; run `.ci/compare BASE` first\n")


def test_a_stage_that_runs_a_second_time_fails(counting: Path) -> None:
    definition = (counting / "dvc.yaml").read_text()
    (counting / "dvc.yaml").write_text(definition.replace("cmd:", "always_changed: true, cmd:"))
    done = run_pipeline(counting)
    assert done.returncode == 1
    assert "this ran the second time" in done.stderr


def test_actions_are_pinned_and_have_few_permissions() -> None:
    lines = [line.strip().removeprefix("- ") for line in WORKFLOW_FILE.read_text().splitlines()]
    used = [line for line in lines if line.startswith("uses:")]
    versions: dict[str, tuple[str, ...]] = {}
    for line in used:
        match = re.fullmatch(r"uses: ([\w/-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line)
        assert match, line
        assert versions.setdefault(match[1].split("/")[1], match.groups()[1:]) == match.groups()[1:]
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in WORKFLOW["jobs"].items() if "permissions" in job} == {
        "pipeline": {"contents": "read", "pull-requests": "write"}
    }
    assert "pull_request_target" not in WORKFLOW["on"]
    for job in WORKFLOW["jobs"].values():
        assert "timeout-minutes" in job
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            assert ("token" in json.dumps(step.get("env", {}))) == (".ci/comment" in step.get("run", ""))
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_gitlab_runs_the_same_scripts_in_the_same_order() -> None:
    def scripts(commands: list[str]) -> list[str]:
        return re.findall(r"pip install .*|\.ci/\w+", "\n".join(commands))

    for name, job in WORKFLOW["jobs"].items():
        assert scripts(GITLAB[name]["script"]) == scripts([step["run"] for step in job["steps"] if "run" in step])
    (upload,) = [step["with"]["path"] for step in STEPS if step.get("id") == "artifact"]
    assert GITLAB["pipeline"]["artifacts"]["paths"] == upload.split()
    assert GITLAB["pipeline"]["artifacts"]["when"] == "always"  # also if the gate fails
    assert GITLAB["pipeline"]["variables"]["GIT_DEPTH"] == 0


BROKEN = [
    (["actionlint"], ".github/workflows/pipeline.yml", "github.event_name ==", "github.evnt_name =="),
    (["actionlint"], ".github/workflows/pipeline.yml", '"origin/$GITHUB_BASE_REF"', '"${{ github.head_ref }}"'),
    (["actionlint"], ".github/workflows/pipeline.yml", '"origin/$GITHUB_BASE_REF"', "origin/$GITHUB_BASE_REF"),
    (["shellcheck"], ".ci/compare", '"$base"', "$base"),
    (["shellcheck"], ".ci/pipeline", "done < <(git", "done < (git"),
    (["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci"], ".gitlab-ci.yml", "script:", "scripts:"),
]


@pytest.mark.parametrize(("command", "name", "right", "wrong"), BROKEN)
def test_checks_find_mistakes_in_ci_files(
    command: list[str], name: str, right: str, wrong: str, tmp_path: Path
) -> None:
    """Each check of `.ci/run` passes the file and fails a broken copy of it."""
    content = (ROOT / name).read_text()
    assert right in content
    broken = tmp_path / Path(name).name
    broken.write_text(content.replace(right, wrong))
    assert shell(*command, name, cwd=ROOT).returncode == 0
    assert shell(*command, str(broken), cwd=tmp_path, check=False).returncode == 1
