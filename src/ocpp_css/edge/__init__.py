"""The HTTP toolkit that every area uses: routes that say what they need, pages, tables, forms, live streams.

Imports of areas start here; `ocpp_css.edge.app` builds the application and is for `app/` alone.
"""

from ocpp_css.edge.etags import SEEN, ChangedMeanwhile, IfMatch, must_match, tag_of
from ocpp_css.edge.formats import duration, energy, exact, money, number, power, time_tag
from ocpp_css.edge.forms import faults_by_field, field_moment, moment_of, posted, posted_list, read_json, shaped
from ocpp_css.edge.i18n import Languages, LazyText, gettext, lazy, ngettext, reader
from ocpp_css.edge.live import LiveEvent, Streams, last_event_id, live
from ocpp_css.edge.navigation import NavEntry
from ocpp_css.edge.panels import Fragment, Panel, PanelContext, Panels
from ocpp_css.edge.permissions import needs, public
from ocpp_css.edge.principal import ANONYMOUS, Authenticator, Principal, principal_of
from ocpp_css.edge.problems import local_path
from ocpp_css.edge.rendering import LiveFeed, Page, is_fragment, page, redirect, toast
from ocpp_css.edge.replies import StoredReplies
from ocpp_css.edge.settings import WebSettings, client_address
from ocpp_css.edge.tables import BulkAction, Column, Empty, Filter, Table, TableQuery, View
from ocpp_css.edge.units import UnitLike, UnitSource
from ocpp_css.kit.rates import Rate

__all__ = [
    "ANONYMOUS",
    "SEEN",
    "Authenticator",
    "BulkAction",
    "ChangedMeanwhile",
    "Column",
    "Empty",
    "Filter",
    "Fragment",
    "IfMatch",
    "Languages",
    "LazyText",
    "LiveEvent",
    "LiveFeed",
    "NavEntry",
    "Page",
    "Panel",
    "PanelContext",
    "Panels",
    "Principal",
    "Rate",
    "StoredReplies",
    "Streams",
    "Table",
    "TableQuery",
    "UnitLike",
    "UnitSource",
    "View",
    "WebSettings",
    "client_address",
    "duration",
    "energy",
    "exact",
    "faults_by_field",
    "field_moment",
    "gettext",
    "is_fragment",
    "last_event_id",
    "lazy",
    "live",
    "local_path",
    "moment_of",
    "money",
    "must_match",
    "needs",
    "ngettext",
    "number",
    "page",
    "posted",
    "posted_list",
    "power",
    "principal_of",
    "public",
    "read_json",
    "reader",
    "redirect",
    "shaped",
    "tag_of",
    "time_tag",
    "toast",
]
