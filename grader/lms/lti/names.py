"""Names of the LTI 1.3 specifications."""

from __future__ import annotations

_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MESSAGE_TYPE = _CLAIM + "message_type"
VERSION = _CLAIM + "version"
DEPLOYMENT_ID = _CLAIM + "deployment_id"
TARGET_LINK_URI = _CLAIM + "target_link_uri"
RESOURCE_LINK = _CLAIM + "resource_link"
CONTEXT = _CLAIM + "context"
ROLES = _CLAIM + "roles"
CUSTOM = _CLAIM + "custom"
PRESENTATION = _CLAIM + "launch_presentation"

LTI_VERSION = "1.3.0"
RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
DEEP_LINKING_RESPONSE = "LtiDeepLinkingResponse"

_DEEP = "https://purl.imsglobal.org/spec/lti-dl/claim/"
DEEP_LINKING_SETTINGS = _DEEP + "deep_linking_settings"
CONTENT_ITEMS = _DEEP + "content_items"
DEEP_LINKING_DATA = _DEEP + "data"

NAMES_AND_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GRADES_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

MEMBERSHIP_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
_GRADES = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM_SCOPE = _GRADES + "lineitem"
RESULT_SCOPE = _GRADES + "result.readonly"
SCORE_SCOPE = _GRADES + "score"
SCOPES = (LINE_ITEM_SCOPE, RESULT_SCOPE, SCORE_SCOPE, MEMBERSHIP_SCOPE)

TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
RESOURCE_LINK_TYPE = "ltiResourceLink"  # of a deep link
