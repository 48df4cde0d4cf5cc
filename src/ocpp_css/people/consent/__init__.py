"""The texts that people agree to, and who agreed to which of them."""

from ocpp_css.people.consent.model import Document
from ocpp_css.people.consent.service import DOCUMENTS, accept, given

__all__ = ["DOCUMENTS", "Document", "accept", "given"]
