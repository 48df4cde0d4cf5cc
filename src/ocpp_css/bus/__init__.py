"""Messages between the parts of one process, or of many: a port and its in-process form."""

from ocpp_css.bus.in_process import InProcessBus
from ocpp_css.bus.port import Bus, Message, NobodyAnswers

__all__ = ["Bus", "InProcessBus", "Message", "NobodyAnswers"]
