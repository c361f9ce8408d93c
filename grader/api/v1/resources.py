"""What the service has: storage, and the Python packages of kernels. For administrators."""

from __future__ import annotations

from grader.administration import queries
from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Out
from grader.web import access
from grader.web.backend import backend
from grader.web.views.admin import environments_here, free_bytes


class FilesOut(Out):
    files: int
    size_bytes: int


class StorageOut(Out):
    handed_in: FilesOut
    executed: FilesOut
    all_files: FilesOut
    free_bytes: int | None
    outbox: int


class PackageOut(Out):
    name: str
    version: str


class EnvironmentOut(Out):
    name: str
    interpreter: str
    problem: str
    packages: list[PackageOut]


class EnvironmentsOut(Out):
    environments: list[EnvironmentOut]


@api.get("/admin/storage")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(StorageOut)
@api.doc(summary="Storage that is used", tags=["Administration"], security=SECURITY, responses=problems())
def admin_storage() -> StorageOut:
    with backend().reading() as session:
        use = queries.storage_use(session)
    return StorageOut(
        handed_in=_files(use.handed_in), executed=_files(use.executed), all_files=_files(use.all_blobs),
        free_bytes=free_bytes(), outbox=use.owed,
    )  # fmt: skip


@api.get("/admin/environments")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(EnvironmentsOut)
@api.doc(summary="Python packages of kernels", tags=["Administration"], security=SECURITY, responses=problems())
def admin_environments() -> EnvironmentsOut:
    return EnvironmentsOut(
        environments=[
            EnvironmentOut(
                name=found.name, interpreter=found.interpreter, problem=found.problem,
                packages=[PackageOut(name=name, version=version) for name, version in found.packages],
            )
            for found in environments_here()
        ]
    )  # fmt: skip


def _files(pair: tuple[int, int]) -> FilesOut:
    return FilesOut(files=pair[0], size_bytes=pair[1])
