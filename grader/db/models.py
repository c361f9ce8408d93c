"""Every model, imported once, so that relationships resolve and Alembic sees all tables."""

from __future__ import annotations

from grader.db.api_token import ApiToken
from grader.db.assignment import Assignment
from grader.db.assignment_version import AssignmentVersion
from grader.db.audit_entry import AuditEntry
from grader.db.base import Base
from grader.db.blob import Blob
from grader.db.case_try import CaseTry
from grader.db.check_result import CheckResultRow
from grader.db.course import Course
from grader.db.course_invitation import CourseInvitation
from grader.db.enrolment import Enrolment, Role
from grader.db.extension import Extension
from grader.db.grade import Grade
from grader.db.home_visit import HomeVisit
from grader.db.idempotent_answer import IdempotentAnswer
from grader.db.incoming import IncomingMessage, IncomingSender
from grader.db.leaderboard_entry import LeaderboardEntry
from grader.db.lti import (
    LtiContext,
    LtiDeployment,
    LtiInvitation,
    LtiKey,
    LtiLaunch,
    LtiRegistration,
    LtiResourceLink,
    LtiUserLink,
)
from grader.db.lti_grades import LtiGradeSync, LtiLineItem, SyncState
from grader.db.mark import Mark, SecondMark
from grader.db.measure import Measure
from grader.db.oidc_identity import OidcIdentity
from grader.db.outbox_message import OutboxMessage
from grader.db.queue_pause import QueuePause
from grader.db.queue_state import QueueShare, QueueState
from grader.db.regrade_request import RegradeRequest, RegradeStatus
from grader.db.retention_rule import RetentionRule
from grader.db.rubric import Rubric
from grader.db.run import Run, RunCause, RunStatus
from grader.db.similarity import Comparison, ComparisonStatus, PairDecision, SimilarPair
from grader.db.student_group import GroupMember, StudentGroup, SubmissionMember
from grader.db.submission import Source, Submission, SubmissionStatus
from grader.db.submission_comment import SubmissionComment
from grader.db.sweeper_state import SweeperState
from grader.db.trial import Trial, TrialStatus
from grader.db.user import User
from grader.db.viewing import Viewing
from grader.db.webhook import DeliveryState, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from grader.db.worker_node import WorkerNode

__all__ = [
    "ApiToken",
    "Assignment",
    "AssignmentVersion",
    "AuditEntry",
    "Base",
    "Blob",
    "CaseTry",
    "CheckResultRow",
    "Comparison",
    "ComparisonStatus",
    "Course",
    "CourseInvitation",
    "DeliveryState",
    "Enrolment",
    "Extension",
    "Grade",
    "GroupMember",
    "HomeVisit",
    "IdempotentAnswer",
    "IncomingMessage",
    "IncomingSender",
    "LeaderboardEntry",
    "LtiContext",
    "LtiDeployment",
    "LtiGradeSync",
    "LtiInvitation",
    "LtiKey",
    "LtiLaunch",
    "LtiLineItem",
    "LtiRegistration",
    "LtiResourceLink",
    "LtiUserLink",
    "Mark",
    "Measure",
    "OidcIdentity",
    "OutboxMessage",
    "PairDecision",
    "QueuePause",
    "QueueShare",
    "QueueState",
    "RegradeRequest",
    "RegradeStatus",
    "RetentionRule",
    "Role",
    "Rubric",
    "Run",
    "RunCause",
    "RunStatus",
    "SecondMark",
    "SimilarPair",
    "Source",
    "StudentGroup",
    "Submission",
    "SubmissionComment",
    "SubmissionMember",
    "SubmissionStatus",
    "SweeperState",
    "SyncState",
    "Trial",
    "TrialStatus",
    "User",
    "Viewing",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkerNode",
]
